"""`flask seed` (app/cli/seed.py): made-up keys for demonstrations."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.limits import SERVED_DAYS
from app.domain.timeline import day_number
from app.domain.uploads import Upload, validate_upload
from app.upkeep.seeding import KEYS_PER_DAY, demonstration_keys
from tests.support.archive import archive_in
from tests.support.service import Service

NOON = datetime.now(UTC).replace(hour=12)


@pytest.fixture
def present(make_service: Callable[..., Service]) -> Service:
    service = make_service(EXPORT_MAX_AGE_SECONDS="0")
    service.clock.now = datetime.now(UTC)
    return service


def seed(service: Service) -> str:
    result = service.app.test_cli_runner().invoke(args=["seed"])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_second_run_adds_nothing(present: Service) -> None:
    assert seed(present) == f"demonstration_keys\t{SERVED_DAYS * KEYS_PER_DAY}\n"
    assert seed(present) == "demonstration_keys\t0\n"


def test_every_past_day_has_an_archive_with_keys(present: Service) -> None:
    seed(present)
    present.clock.now += timedelta(days=1)  # so that the hours of publication of yesterday's keys have come
    today = day_number(present.clock.now)
    for day in range(today - SERVED_DAYS + 2, today):
        assert len(archive_in(present.fetch(day)).export.keys) >= KEYS_PER_DAY // 2, today - day


def test_an_archive_that_was_built_before_gains_the_keys(make_service: Callable[..., Service]) -> None:
    """A platform starts the processes first, and fills the instance then."""
    served, seeded = make_service(), make_service()
    served.clock.now = datetime.now(UTC)
    yesterday = day_number(served.clock.now) - 1
    assert not archive_in(served.fetch(yesterday)).export.keys
    seed(seeded)
    served.clock.now += timedelta(seconds=served.settings.retrieval.export_max_age_seconds + 1)
    assert archive_in(served.fetch(yesterday)).export.keys


def test_phones_could_have_sent_the_keys() -> None:
    keys = [key for key, _ in demonstration_keys(NOON)]
    assert len({key.key_data for key in keys}) == len(keys)
    validate_upload(Upload(int(NOON.timestamp()), keys[:KEYS_PER_DAY]), NOON)


def test_no_key_becomes_public_while_it_is_valid() -> None:
    for key, hour in demonstration_keys(NOON):
        assert hour * 6 >= key.rolling_start_interval_number + key.rolling_period


def test_production_gets_no_made_up_keys(make_service: Callable[..., Service]) -> None:
    result = make_service(ENV="production").app.test_cli_runner().invoke(args=["seed"])
    assert result.exit_code == 1
    assert "would alert real people" in result.output

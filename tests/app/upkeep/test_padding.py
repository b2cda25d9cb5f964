"""Made-up keys in archives (app/upkeep/padding.py)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.upkeep.padding import pad_archives
from tests.support.archive import archive_in
from tests.support.service import Service
from tests.support.stored import store_key


@pytest.fixture
def padded(make_service: Callable[..., Service]) -> Service:
    """A service whose days publish 240 keys at the least. It is 12:57."""
    service = make_service(EXPORT_MINIMUM_KEYS="240", EXPORT_MAX_AGE_SECONDS="0")
    service.clock.advance(minutes=42)
    return service


def pad(service: Service) -> int:
    return pad_archives(service.database, service.settings.retrieval, service.clock.now)


def rows(service: Service, **where: Any) -> list[Any]:
    return service.rows("SELECT * FROM diagnosis_keys ORDER BY key_data")


def test_a_day_has_its_minimum_at_its_end_and_its_share_before(padded: Service) -> None:
    assert (pad(padded), pad(padded)) == (130, 0)  # thirteen hours' share, once
    padded.clock.advance(hours=11)
    assert pad(padded) == 110
    assert len(archive_in(padded.fetch(padded.today)).export.keys) == 240


def test_real_keys_need_no_padding(padded: Service) -> None:
    for number in range(1, 126):
        store_key(padded, number)
    assert (pad(padded), pad(padded)) == (5, 0)


def test_nothing_is_added_before_an_hour_is_nearly_over_or_unless_it_is_asked_for(
    padded: Service, make_service: Callable[..., Service]
) -> None:
    padded.clock.advance(minutes=-10)
    assert pad(padded) == 0
    padded.clock.advance(minutes=10)
    service = make_service()
    service.clock.now = padded.clock.now
    assert pad(service) == 0


def test_a_made_up_key_looks_as_a_real_key_of_another_day_did(padded: Service) -> None:
    yesterday = padded.today - 1
    for number in range(1, 41):
        store_key(
            padded,
            number << 96,
            hour_of_submission=yesterday * 24 + number % 24,
            rolling_start_interval_number=(yesterday - 1 - number % 10) * 144,
            transmission_risk_level=number % 3,
        )
    added = pad(padded)
    made_up = [row for row in rows(padded) if int.from_bytes(row.key_data) % 2**96]

    assert len(made_up) == added == 130
    assert {row.transmission_risk_level for row in made_up} == {0, 1, 2}
    starts = Counter((padded.today * 144 - row.rolling_start_interval_number) / 144 for row in made_up)
    assert set(starts) <= set(range(1, 11))
    assert {row.hour_of_submission for row in made_up} == {padded.today * 24 + 12}
    assert len({bytes(row.key_data) for row in made_up}) == 130


def test_a_made_up_key_is_never_younger_than_a_real_key_could_be(padded: Service) -> None:
    padded.clock.advance(hours=-12)  # 00:57: yesterday's keys are published from two o'clock on
    store_key(padded, 1, hour_of_submission=(padded.today - 1) * 24 + 5)  # valid on the day of its publication
    assert pad(padded) == 10
    assert max(row.rolling_start_interval_number for row in rows(padded) if int.from_bytes(row.key_data) != 1) == (
        (padded.today - 2) * 144
    )


def test_an_archive_does_not_tell_which_are_made_up(padded: Service) -> None:
    for number in range(1, 21):
        store_key(padded, number << 120, rolling_start_interval_number=(padded.today - 1 - number % 5) * 144)
    pad(padded)

    keys = archive_in(padded.fetch(padded.today)).export.keys
    assert len(keys) == 130
    assert [key.key_data for key in keys] == sorted(key.key_data for key in keys)
    assert len({(key.transmission_risk_level, key.report_type, key.rolling_period) for key in keys}) == 1


def test_every_instance_exports_the_same_ones(padded: Service, make_service: Callable[..., Service]) -> None:
    other = make_service(EXPORT_MINIMUM_KEYS="240", EXPORT_MAX_AGE_SECONDS="0")
    other.clock.now = padded.clock.now
    with ThreadPoolExecutor(2) as pool:
        added = list(pool.map(pad, (padded, other)))

    assert sorted(added) == [0, 130]
    first, second = (archive_in(service.fetch(service.today)).export.keys for service in (padded, other))
    assert first == second

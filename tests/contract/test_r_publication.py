"""Defect D18: a key is not published while its identifiers could still be replayed."""

from collections.abc import Callable

import pytest

from tests.support.answers import UPLOADED, seen
from tests.support.archive import archive_in
from tests.support.service import Service, exposure_key

LONG_PAST_THE_HOLD = 400  # days


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """The service with its default: active keys are held back."""
    return make_service(EXPORT_MAX_AGE_SECONDS="0")


def _upload(service: Service, number: int, start: int, **fields: int) -> None:
    key = exposure_key(number, rolling_start_interval_number=start, **fields)
    assert seen(service.upload(service.pair(), [key])) == UPLOADED


def _published(service: Service, period: int) -> list[int]:
    return archive_in(service.fetch(period)).numbers


@pytest.mark.rule("D18")
def test_a_key_is_held_until_two_hours_after_its_validity(service: Service) -> None:
    today = service.today
    _upload(service, 1, today * 144)
    assert _published(service, today) == []

    service.clock.now = service.clock.now.replace(hour=23, minute=59)
    service.clock.advance(hours=2)
    assert (_published(service, today + 1), _published(service, today), _published(service, 0)) == ([], [], [])
    service.clock.advance(minutes=1)
    assert _published(service, today + 1) == [1]
    assert (_published(service, today), _published(service, 0)) == ([], [])


@pytest.mark.rule("D18")
def test_a_key_that_was_cut_short_is_held_no_longer_than_it_is_valid(service: Service) -> None:
    today = service.today
    _upload(service, 1, today * 144, rolling_period=61)  # until 10:10, and it is a quarter past noon
    assert _published(service, today) == []

    service.clock.now = service.clock.now.replace(hour=13, minute=0, second=0)
    assert _published(service, today) == [1]


@pytest.mark.rule("D18")
def test_a_key_whose_validity_has_ended_is_published_at_once(service: Service) -> None:
    today = service.today
    _upload(service, 1, (today - 1) * 144)
    _upload(service, 2, (today - 13) * 144)

    assert _published(service, today) == [1, 2]


@pytest.mark.rule("D18")
def test_the_archive_of_a_past_day_never_gains_a_key(service: Service) -> None:
    today = service.today
    for number, start in enumerate((today * 144, (today - 1) * 144, (today + 1) * 144, (today + 3) * 144), start=1):
        _upload(service, number, start)
    last_seen: dict[int, list[int]] = {today - 1: []}
    for _ in range(5 * 4):
        assert _published(service, service.today - 1) == last_seen[service.today - 1]
        last_seen[service.today] = _published(service, service.today)
        service.clock.advance(hours=6)

    assert list(last_seen.values()) == [[], [2], [1], [3], [], [4], []]
    assert _published(service, 0) == [1, 2, 3, 4]


@pytest.mark.rule("D18")
def test_a_key_from_the_far_future_is_stored_and_never_published(service: Service) -> None:
    today = service.today
    _upload(service, 1, (today + LONG_PAST_THE_HOLD) * 144)
    _upload(service, 2, 2**31 - 1)

    assert len(service.rows("SELECT FROM diagnosis_keys")) == 2
    for _ in range(15):
        assert _published(service, service.today) == _published(service, service.today - 1) == []
        service.clock.advance(days=1)


@pytest.mark.rule("D18")
def test_a_key_with_an_ancient_start_is_stored_and_charged_and_never_published(service: Service) -> None:
    _upload(service, 1, (service.today - 27) * 144)
    _upload(service, 2, -5)

    assert _published(service, service.today) == []
    assert service.rows("SELECT count FROM tek_upload_count") == [(1,), (1,)]
    assert service.rows("SELECT remaining_keys FROM encryption_keys") == [(42,), (42,)]


@pytest.mark.rule("D18")
def test_the_public_servers_way_publishes_at_once(make_service: Callable[..., Service]) -> None:
    service = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="0")
    _upload(service, 1, service.today * 144)

    assert _published(service, service.today) == [1]

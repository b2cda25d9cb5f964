"""What a client that keeps downloading today's archive learns about single uploads (RELEASE_PERIOD_HOURS)."""

from collections.abc import Callable

import pytest

from tests.support.answers import UPLOADED, seen
from tests.support.archive import archive_in
from tests.support.service import Service, exposure_key

KEYS_PER_PATIENT = 10


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """The service with its default: batches of an hour. It is a quarter past noon."""
    return make_service(RELEASE_PERIOD_HOURS="1", EXPORT_MAX_AGE_SECONDS="3")


def upload(service: Service, patient: int) -> set[int]:
    """Upload the keys of one person, of yesterday and the days before; return their numbers."""
    numbers = [patient * 100 + day for day in range(KEYS_PER_PATIENT)]
    keys = [
        exposure_key(number, rolling_start_interval_number=(service.today - 1 - day) * 144)
        for day, number in enumerate(numbers)
    ]
    assert seen(service.upload(service.pair(), keys)) == UPLOADED
    return set(numbers)


def published(service: Service) -> set[int]:
    return set(archive_in(service.fetch(service.today)).numbers)


def test_archives_that_are_polled_all_the_time_differ_by_whole_batches(service: Service) -> None:
    uploads, differences, last = [], [], published(service)
    for patient in range(12):
        uploads.append(upload(service, patient + 1))
        for _ in range(4):
            service.clock.advance(seconds=1.5)
            current = published(service)
            differences += [current - last] if current != last else []
            last = current
    assert differences == []

    service.clock.now = service.clock.now.replace(hour=13, minute=0, second=0)
    assert published(service) == set().union(*uploads)


def test_an_archive_changes_only_at_a_release(service: Service) -> None:
    tags = []
    for minute in range(2 * 60):
        if minute % 7 == 0:
            upload(service, minute + 1)
        tags.append(service.fetch(service.today).headers["ETag"])
        service.clock.advance(minutes=1)
    assert [minute for minute in range(1, len(tags)) if tags[minute] != tags[minute - 1]] == [45, 105]


def test_without_batches_each_upload_is_published_at_once(make_service: Callable[..., Service]) -> None:
    service = make_service(RELEASE_PERIOD_HOURS="0", EXPORT_MAX_AGE_SECONDS="0")
    numbers = upload(service, 1)
    assert published(service) == numbers


def test_an_upload_of_the_last_minutes_of_an_hour_waits_for_the_next_batch(service: Service) -> None:
    service.clock.now = service.clock.now.replace(minute=54, second=59)
    in_time = upload(service, 1)
    service.clock.now = service.clock.now.replace(minute=55, second=0)
    late = upload(service, 2)
    service.clock.now = service.clock.now.replace(hour=13, minute=0)
    assert published(service) == in_time
    service.clock.now = service.clock.now.replace(hour=14)
    assert published(service) == in_time | late


def test_an_upload_shortly_before_midnight_is_in_the_archive_of_the_next_day_alone(service: Service) -> None:
    service.clock.now = service.clock.now.replace(hour=23, minute=57)
    numbers = upload(service, 1)
    service.clock.advance(hours=2)
    assert published(service) == numbers
    assert archive_in(service.fetch(service.today - 1)).numbers == []


@pytest.mark.parametrize("age", ["60", "3600"])
def test_no_archive_is_served_after_a_release_that_it_lacks(make_service: Callable[..., Service], age: str) -> None:
    service = make_service(RELEASE_PERIOD_HOURS="1", EXPORT_MAX_AGE_SECONDS=age)
    numbers = upload(service, 1)
    service.clock.now = service.clock.now.replace(minute=59, second=59, microsecond=0)
    assert published(service) == set()
    service.clock.advance(seconds=1)
    assert published(service) == numbers

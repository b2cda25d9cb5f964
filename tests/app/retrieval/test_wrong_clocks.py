"""A clock that is or was wrong makes no archive older than it may be."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.archive import archive_in
from tests.support.refresh import refresh
from tests.support.service import Service, exposure_key


def upload(service: Service, number: int) -> None:
    key = exposure_key(number, rolling_start_interval_number=(service.today - 3) * 144)
    assert service.upload(service.pair(), [key]).status_code == 200


@pytest.mark.parametrize("skew", [timedelta(hours=2), timedelta(minutes=4), timedelta(days=40)])
def test_a_clock_that_was_ahead_makes_no_archive_fresh_for_longer(
    aged: Service, make_service: Callable[..., Service], skew: timedelta
) -> None:
    """The clock is ahead for fifteen seconds: on the host that builds, and on one that holds its archive in memory."""
    other = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60")
    before = aged.clock.now
    for service in (aged, other):
        service.clock.now = before + skew
        refresh(service)
        assert archive_in(service.fetch(service.today)).numbers == []
    for service in (aged, other):
        service.clock.now = before + timedelta(seconds=15)
    upload(aged, 1)
    for service in (aged, other):
        service.clock.now = before + timedelta(seconds=76)
        assert archive_in(service.fetch(service.today)).numbers == [1]


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_worker_with_a_wrong_clock_makes_no_archive_older(
    aged: Service, make_service: Callable[..., Service], minutes: int
) -> None:
    """It refreshes every twenty seconds, as usual; the other host serves nothing that is older than a minute."""
    worker = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60")
    for number in range(1, 4):
        upload(aged, number)
        for _ in range(4):
            aged.clock.advance(seconds=20)
            worker.clock.now = aged.clock.now + timedelta(minutes=minutes)
            refresh(worker)
            archive = aged.fetch(aged.today)
        assert archive_in(archive).numbers == list(range(1, number + 1))


def test_a_setting_that_shortens_the_age_counts_at_once(aged: Service, make_service: Callable[..., Service]) -> None:
    refresh(aged)
    upload(aged, 1)
    strict = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="5")
    strict.clock.now = aged.clock.now + timedelta(seconds=6)
    assert archive_in(strict.fetch(strict.today)).numbers == [1]

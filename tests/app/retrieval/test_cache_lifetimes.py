"""For how long caches may keep an archive (app/retrieval/downloads.py): never past a release that phones wait for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from app.domain.timeline import midnight
from tests.support.service import Service, download_code

AN_HOUR = "public, max-age=3600, stale-while-revalidate=600"
HOUR = timedelta(hours=1)


def fetch(service: Service, period: int, ahead: timedelta) -> TestResponse:
    """Download an archive as a phone whose clock is ahead."""
    code = download_code(period, service.clock.now + ahead)
    return service.client.get(f"/retrieve/302/{period:05d}/{code}")


@pytest.fixture
def half_past_twelve(make_service: Callable[..., Service]) -> Service:
    """A service at 12:30, half an hour before a release."""
    service = make_service(EXPORT_MAX_AGE_SECONDS="60", RELEASE_PERIOD_HOURS="1")
    service.clock.now = midnight(service.clock.now) + 12.5 * HOUR
    return service


def test_a_phone_with_a_fast_clock_hides_no_release_from_others(half_past_twelve: Service) -> None:
    for _ in range(2):  # the second is answered from memory
        early = fetch(half_past_twelve, half_past_twelve.today, HOUR)
        assert (early.status_code, early.headers["Cache-Control"]) == (200, "public, max-age=1800")
    again = half_past_twelve.client.get(early.request.path, headers={"If-None-Match": early.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "public, max-age=1800")


@pytest.mark.parametrize(("back", "ahead"), [(0, 0 * HOUR), (0, -HOUR), (1, HOUR), (14, HOUR)])
def test_other_archives_may_be_kept_for_an_hour(half_past_twelve: Service, back: int, ahead: timedelta) -> None:
    for _ in range(2):
        response = fetch(half_past_twelve, half_past_twelve.today - back, ahead)
        assert (response.status_code, response.headers["Cache-Control"]) == (200, AN_HOUR)


@pytest.mark.parametrize("period", ["bundle", "today", "yesterday"])
def test_no_archive_that_was_requested_early_is_kept_past_midnight(half_past_twelve: Service, period: str) -> None:
    service = half_past_twelve
    service.clock.now = midnight(service.clock.now) + 23 * HOUR + timedelta(minutes=59, seconds=30.5)
    number = {"bundle": 0, "today": service.today, "yesterday": service.today - 1}[period]
    assert fetch(service, number, HOUR).headers["Cache-Control"] == "public, max-age=29"

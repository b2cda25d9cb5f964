"""Which archives are served, and which keys they hold (app/domain/exports.py)."""

from datetime import timedelta

import pytest

from app.domain.errors import PeriodUnavailableError, UnavailablePeriod
from app.domain.exports import (
    ExportPolicy,
    check_period,
    export_window,
    served_periods,
)
from app.domain.timeline import day_number, hour_number, midnight
from tests.support.clock import NOON

TODAY = day_number(NOON)
POLICY = ExportPolicy(serve_current_day=True, serve_bundle=True, publish_active_keys=True)
STRICT = ExportPolicy(serve_current_day=False, serve_bundle=False, publish_active_keys=False)


@pytest.mark.parametrize(
    ("period", "policy", "reason"),
    [
        (TODAY, POLICY, None),
        (TODAY, STRICT, UnavailablePeriod.CURRENT),
        (TODAY + 1, POLICY, UnavailablePeriod.FUTURE),
        (TODAY - 14, POLICY, None),
        (TODAY - 15, POLICY, UnavailablePeriod.PAST),
        (0, POLICY, None),
        (0, STRICT, UnavailablePeriod.PAST),
    ],
)
def test_each_period_is_served_or_refused_for_its_reason(
    period: int, policy: ExportPolicy, reason: UnavailablePeriod | None
) -> None:
    if reason is None:
        check_period(period, NOON, policy)
        return
    with pytest.raises(PeriodUnavailableError) as caught:
        check_period(period, NOON, policy)
    assert caught.value.reason is reason


def test_every_served_period_passes_its_own_check() -> None:
    for policy in (POLICY, STRICT):
        for period in served_periods(NOON, policy):
            check_period(period, NOON, policy)
    assert len(served_periods(NOON, POLICY)) == 16
    assert len(served_periods(NOON, STRICT)) == 14


def test_the_bundle_covers_fifteen_past_days_and_not_today() -> None:
    window = export_window(0, NOON, POLICY)
    start_of_today = int(midnight(NOON).timestamp())
    assert (window.start_seconds, window.end_seconds) == (start_of_today - 15 * 86400, start_of_today)


def test_todays_archive_ends_with_the_current_hour_and_that_of_another_day_with_the_day() -> None:
    windows = [export_window(period, NOON, POLICY) for period in (TODAY, TODAY - 1, 0)]
    ends = [hour_number(NOON) + 1, TODAY * 24, TODAY * 24]
    assert [window.published_before_hour for window in windows] == ends


def test_a_key_that_starts_after_its_day_is_left_out_unless_active_keys_are_published() -> None:
    windows = [export_window(TODAY - 1, NOON, policy) for policy in (POLICY, STRICT)]
    assert [window.before_start for window in windows] == [None, TODAY * 144]


def test_the_last_second_of_a_day_and_the_first_of_the_next_have_different_windows() -> None:
    start_of_today = midnight(NOON)
    before = export_window(TODAY - 3, start_of_today - timedelta(seconds=1), POLICY)
    after = export_window(TODAY - 3, start_of_today, POLICY)
    assert after.after_start - before.after_start == 144

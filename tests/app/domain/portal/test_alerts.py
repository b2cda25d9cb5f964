"""No two alerts of a place overlap, whatever their order and length."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.portal.alerts import MAX_AGE, AlertProblem, Period, find_problem

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
STEP = timedelta(minutes=30)


def period(first: int, after: int) -> Period:
    """Return the period of the half-hours `first` to before `after`, counted back from now."""
    return Period(NOW - STEP * first, NOW - STEP * after)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (period(20, 10), AlertProblem.OVERLAP),  # the same
        (period(18, 12), AlertProblem.OVERLAP),  # inside the earlier one, which the public portal accepted
        (period(30, 5), AlertProblem.OVERLAP),  # around it
        (period(25, 15), AlertProblem.OVERLAP),
        (period(15, 5), AlertProblem.OVERLAP),
        (period(11, 5), AlertProblem.OVERLAP),
        (period(10, 5), None),  # begins when the earlier one ends
        (period(25, 20), None),
        (period(5, 5), AlertProblem.ORDER),
        (period(5, 6), AlertProblem.ORDER),
        (period(5, 0), None),  # ends now
        (Period(NOW - STEP, NOW + timedelta(microseconds=1)), AlertProblem.FUTURE),
        (Period(NOW - MAX_AGE, NOW - MAX_AGE + STEP), None),
        (Period(NOW - MAX_AGE - STEP, NOW - MAX_AGE + STEP), AlertProblem.AGE),
    ],
)
def test_an_alert_is_refused_for_one_reason(new: Period, expected: AlertProblem | None) -> None:
    assert find_problem(new, [period(20, 10)], NOW) is expected


PERIODS = st.tuples(st.integers(1, 200), st.integers(1, 60)).map(lambda pair: period(sum(pair), pair[0]))


@given(st.lists(PERIODS, max_size=12))
def test_what_is_accepted_never_has_a_half_hour_in_common_and_what_is_refused_has(candidates: list[Period]) -> None:
    accepted: list[Period] = []
    occupied: set[datetime] = set()
    for candidate in candidates:
        count = (candidate.ends - candidate.starts) // STEP
        half_hours = {candidate.starts + STEP * number for number in range(count)}
        problem = find_problem(candidate, accepted, NOW)
        assert (problem is AlertProblem.OVERLAP) == bool(half_hours & occupied)
        if problem is None:
            accepted.append(candidate)
            occupied |= half_hours


@given(PERIODS, PERIODS)
def test_overlapping_is_mutual(one: Period, other: Period) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    assert one.overlaps(one)

"""The evaluation of objectives: windows, budgets, burn rates and alerts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.objectives import (
    BurnRateAlert,
    Counts,
    Evaluation,
    FiringAlert,
    MinuteCounts,
    Objective,
    Severity,
    evaluate,
    evaluate_sums,
    time_left,
)
from tests.support.objectives import OBJECTIVE

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
PAGE_FAST, PAGE_SLOW, TICKET_FAST, TICKET_SLOW = OBJECTIVE.alerts


def ago(minutes: int, good: int, total: int) -> MinuteCounts:
    return MinuteCounts(NOW - timedelta(minutes=minutes), good, total)


def factors(evaluation: Evaluation) -> list[float]:
    return [alert.factor for alert in evaluation.firing]


def test_without_events_there_is_no_ratio_and_the_budget_is_whole() -> None:
    found = evaluate(OBJECTIVE, [], NOW)
    assert (found.ratio, found.budget_left, found.firing) == (None, 1.0, ())
    assert set(found.burn_rates.values()) == {None}
    assert sorted(found.burn_rates) == [5, 30, 60, 120, 360, 1440, 4320, 28 * 1440]


def test_a_window_whose_sum_is_absent_has_no_events() -> None:
    assert evaluate_sums(OBJECTIVE, {}) == evaluate(OBJECTIVE, [], NOW)


def test_the_budget_is_exact() -> None:
    assert OBJECTIVE.budget == Fraction(1, 1000)
    assert evaluate(OBJECTIVE, [ago(1, 999, 1000)], NOW).budget_left == 0
    assert evaluate(OBJECTIVE, [ago(1, 1997, 2000)], NOW).budget_left == -0.5
    assert evaluate(OBJECTIVE, [ago(1, 3999, 4000)], NOW).budget_left == 0.75


def test_a_window_holds_whole_minutes_before_the_moment() -> None:
    sixty_ago = [ago(60, 0, 7)]
    rates = evaluate(OBJECTIVE, sixty_ago, NOW + timedelta(seconds=59)).burn_rates
    assert (rates[60], rates[30]) == (1000, None)
    assert evaluate(OBJECTIVE, sixty_ago, NOW + timedelta(minutes=1)).burn_rates[60] is None


def test_the_minute_that_has_begun_and_the_future_do_not_count() -> None:
    assert evaluate(OBJECTIVE, [ago(0, 0, 50), ago(-90, 0, 50)], NOW + timedelta(seconds=30)).ratio is None


def test_a_minute_that_was_counted_twice_is_added() -> None:
    """As after the clock was set back."""
    assert evaluate(OBJECTIVE, [ago(3, 1, 2), ago(3, 1, 2)], NOW).ratio == 0.5


def test_an_alert_fires_at_its_threshold_and_not_below() -> None:
    at = [ago(1, 10_000 - 144, 10_000)]
    below = [ago(1, 10_000 - 143, 10_000)]
    assert 14.4 in factors(evaluate(OBJECTIVE, at, NOW))
    assert 14.4 not in factors(evaluate(OBJECTIVE, below, NOW))


def test_an_alert_needs_both_windows() -> None:
    burst = ago(10, 0, 100)
    assert factors(evaluate(OBJECTIVE, [burst, ago(1, 100, 100)], NOW)) == [6, 3, 1], "the last five minutes are good"
    assert factors(evaluate(OBJECTIVE, [burst, ago(1, 90, 100)], NOW)) == [14.4, 6, 3, 1]


def test_one_failure_in_the_short_window_is_enough() -> None:
    assert 14.4 in factors(evaluate(OBJECTIVE, [ago(10, 0, 4), ago(1, 0, 1)], NOW))


@pytest.mark.parametrize(("bad", "fires"), [(4, False), (5, True)])
def test_a_few_failures_do_not_alert_however_high_the_rate(bad: int, fires: bool) -> None:
    night = [ago(minute, 0, 1) for minute in range(1, bad + 1)]
    assert bool(evaluate(OBJECTIVE, night, NOW).firing) is fires


def test_an_alert_ends_when_there_are_no_more_events() -> None:
    outage = [ago(minute, 0, 10) for minute in range(6, 60)]
    assert 14.4 not in factors(evaluate(OBJECTIVE, outage, NOW))
    assert 14.4 in factors(evaluate(OBJECTIVE, outage, NOW - timedelta(minutes=1)))


def test_a_service_that_has_just_started_can_alert() -> None:
    assert 14.4 in factors(evaluate(OBJECTIVE, [ago(1, 0, 5)], NOW))


def test_the_rest_of_the_budget_lasts_as_long_as_the_rate_permits() -> None:
    half = Counts(9_995, 10_000)
    spending = evaluate_sums(OBJECTIVE, {28 * 1440: half, 360: Counts(996, 1000)})
    assert time_left(OBJECTIVE, spending) == timedelta(days=28 * 0.5 / 4)
    assert time_left(OBJECTIVE, evaluate_sums(OBJECTIVE, {28 * 1440: half, 360: Counts(10, 10)})) is None
    for good in (990, 999):
        spent = evaluate_sums(OBJECTIVE, {28 * 1440: Counts(good, 1000)})
        assert time_left(OBJECTIVE, spent) == timedelta(0)


COUNTS = st.builds(
    lambda minutes, good, bad: ago(minutes, good, good + bad),
    st.integers(-100, 5000),
    st.integers(0, 3000),
    st.integers(0, 40),
)
ALERTS = st.builds(
    BurnRateAlert,
    st.sampled_from(Severity),
    st.sampled_from([1, 3, 6, 14.4, 2.5]),
    st.sampled_from([60, 360, 1440, 4320]),
    st.sampled_from([5, 30]),
    st.integers(1, 20),
)


def naive(objective: Objective, counts: list[MinuteCounts], now: datetime) -> Evaluation:
    """Return what an evaluation must be, by adding up each window alone."""

    def window(minutes: int) -> tuple[int, int]:
        inside = [each for each in counts if 1 <= (now - each.minute) // timedelta(minutes=1) <= minutes]
        return sum(each.total - each.good for each in inside), sum(each.total for each in inside)

    def rate(minutes: int) -> Fraction | None:
        bad, total = window(minutes)
        return Fraction(bad, total) / (1 - Fraction(str(objective.target))) if total else None

    def fires(alert: BurnRateAlert) -> bool:
        rates = rate(alert.long_minutes), rate(alert.short_minutes)
        fast = all(found is not None and found >= Fraction(str(alert.factor)) for found in rates)
        return fast and window(alert.long_minutes)[0] >= alert.minimum_bad

    days = objective.window_days * 1440
    windows = {days, *(alert.long_minutes for alert in objective.alerts)}
    windows |= {alert.short_minutes for alert in objective.alerts}
    rates = {minutes: rate(minutes) for minutes in windows}
    bad, total = window(days)
    return Evaluation(
        objective.name,
        (total - bad) / total if total else None,
        1.0 if rates[days] is None else float(1 - rates[days]),
        {minutes: None if found is None else float(found) for minutes, found in rates.items()},
        tuple(
            FiringAlert(objective.name, alert.severity, alert.factor, alert.long_minutes, alert.short_minutes)
            for alert in objective.alerts
            if fires(alert)
        ),
    )


@given(
    st.lists(COUNTS, max_size=60),
    st.lists(ALERTS, min_size=1, max_size=4),
    st.sampled_from([0.9, 0.99, 0.995, 0.999, 0.9999]),
    st.integers(3, 28),
    st.integers(0, 59),
)
def test_evaluation_equals_a_naive_one(
    counts: list[MinuteCounts], alerts: list[BurnRateAlert], target: float, days: int, seconds: int
) -> None:
    objective = replace(OBJECTIVE, target=target, window_days=days, alerts=tuple(alerts))
    assert evaluate(objective, counts, NOW + timedelta(seconds=seconds)) == naive(objective, counts, NOW)


@given(st.lists(COUNTS, max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_minutes_does_not_matter(counts: list[MinuteCounts], random: Random) -> None:
    shuffled = list(counts)
    random.shuffle(shuffled)
    assert evaluate(OBJECTIVE, shuffled, NOW) == evaluate(OBJECTIVE, counts, NOW)


@given(st.lists(COUNTS, max_size=60), st.integers(1, 5000))
def test_one_more_bad_event_never_ends_an_alert(counts: list[MinuteCounts], minutes: int) -> None:
    before = set(evaluate(OBJECTIVE, counts, NOW).firing)
    assert before <= set(evaluate(OBJECTIVE, [*counts, ago(minutes, 0, 1)], NOW).firing)

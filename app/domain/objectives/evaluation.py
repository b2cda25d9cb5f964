"""Evaluation: ratio, error budget, burn rates and firing alerts of an objective at one moment.

A window of `n` minutes holds the last `n` whole minutes before the moment. The minute that has begun, and minutes in
the future (after a step of the clock), do not count. Minutes without counts add nothing: during a gap, the ratio is
that of the minutes there are, and an alert ends once its short window has no bad events. At the start of the service,
a window holds the time since then. Sums are integers, and comparisons exact; only results are rounded to floats.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from app.domain.objectives.model import BurnRateAlert, Counts, Evaluation, FiringAlert, MinuteCounts, Objective

# The window whose burn rate is "the present rate" in forecasts: long enough to be steady, and the same day.
PRESENT_MINUTES: Final = 360
_EMPTY: Final = Counts(0, 0)


def evaluate(objective: Objective, counts: Iterable[MinuteCounts], now: datetime) -> Evaluation:
    """Return an objective's state from its minutes, in any order. Several counts of one minute are added."""
    return evaluate_sums(objective, sum_windows(counts, windows_of(objective), now))


def evaluate_sums(objective: Objective, sums: Mapping[int, Counts]) -> Evaluation:
    """Return an objective's state from the sums of its windows (see `windows_of`); absent ones have no events."""
    whole = sums.get(objective.window_minutes, _EMPTY)
    return Evaluation(
        objective.name,
        whole.good / whole.total if whole.total else None,
        float(1 - whole.bad / (whole.total * objective.budget)) if whole.total else 1.0,
        {minutes: burn_rate(objective, sums.get(minutes, _EMPTY)) for minutes in windows_of(objective)},
        tuple(
            FiringAlert(objective.name, alert.severity, alert.factor, alert.long_minutes, alert.short_minutes)
            for alert in objective.alerts
            if is_firing(objective, alert, sums.get(alert.long_minutes, _EMPTY), sums.get(alert.short_minutes, _EMPTY))
        ),
    )


def windows_of(objective: Objective) -> tuple[int, ...]:
    """Return the windows that an evaluation needs, in minutes: those of the alerts, and the objective's own."""
    return tuple(sorted({*objective.alert_windows, objective.window_minutes}))


def sum_windows(counts: Iterable[MinuteCounts], windows: Iterable[int], now: datetime) -> dict[int, Counts]:
    """Return the sums of windows that end with the last whole minute before `now`, by their minutes."""
    end = now.replace(second=0, microsecond=0)
    past = sorted((each for each in counts if each.minute < end), key=lambda each: each.minute)
    minutes = [each.minute for each in past]
    good = list(accumulate((each.good for each in past), initial=0))
    total = list(accumulate((each.total for each in past), initial=0))
    sums = {}
    for window in windows:
        first = bisect_left(minutes, end - timedelta(minutes=window))
        sums[window] = Counts(good[-1] - good[first], total[-1] - total[first])
    return sums


def burn_rate(objective: Objective, counts: Counts) -> float | None:
    """Return how many times faster than sustainable the budget is spent: 1 spends it in exactly one window."""
    return float(counts.bad / (counts.total * objective.budget)) if counts.total else None


def is_firing(objective: Objective, alert: BurnRateAlert, long: Counts, short: Counts) -> bool:
    """Return whether an alert fires, given the sums of its windows."""
    threshold = objective.threshold(alert)
    return long.bad >= alert.minimum_bad and all(
        window.bad > 0 and window.bad * threshold.denominator >= window.total * threshold.numerator
        for window in (long, short)
    )


def time_left(objective: Objective, evaluation: Evaluation) -> timedelta | None:
    """Return how long the rest of the budget lasts at the present rate, or None if it is not being spent.

    The present rate is the burn rate over six hours. Zero means that the budget is spent.
    """
    if evaluation.budget_left <= 0:
        return timedelta(0)
    rate = evaluation.burn_rates.get(PRESENT_MINUTES)
    return timedelta(days=objective.window_days * evaluation.budget_left / rate) if rate else None

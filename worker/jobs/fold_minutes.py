"""Reduce what all processes counted in finished minutes to counts of each objective."""

import functools
from collections.abc import Mapping

from app.domain.objectives import Objective, SeriesKey, count_minute
from app.objectives import load_objectives
from app.upkeep import gauges, minutes
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def fold_minutes() -> None:
    """Fold the minutes that have ended by now, and store the gauges of `/metrics`."""
    now = current_time(context())
    minutes.fold_minutes(context().database, context().redis, _count, now)
    gauges.store_gauges(context().database, context().redis, now)


def _count(increments: Mapping[SeriesKey, float]) -> Mapping[str, tuple[int, int]]:
    return count_minute(_objectives(), increments)


@functools.cache
def _objectives() -> tuple[Objective, ...]:
    return load_objectives()

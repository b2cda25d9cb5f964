"""Reduce what all processes counted in finished minutes to counts of each objective."""

from app.measuring import gauges
from app.upkeep import minutes
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure
from worker.objectives import count_increments


@reports_failure
def fold_minutes() -> None:
    """Fold the minutes that have ended by now, and store the gauges of `/metrics`."""
    now = current_time(context())
    gauges.store_gauges(context().database, context().redis, now)
    minutes.fold_minutes(context().database, context().redis, count_increments, now)

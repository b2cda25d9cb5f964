"""Compute the figures of the days that have ended."""

from app.figures.daily import DailyFigures
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def compute_daily_figures() -> None:
    """Store the figures of each day that has ended and has none."""
    DailyFigures(context().database).compute(current_time(context()))

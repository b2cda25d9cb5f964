"""Record how many codes and keys there are, for alarms."""

from app.figures.readings import FigureReadings
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def record_figure_levels() -> None:
    """Record the levels of now."""
    FigureReadings(context().database).record_levels(current_time(context()))

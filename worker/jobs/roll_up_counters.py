"""Roll up the tables of counters."""

from app.upkeep import rollup
from worker.application import context
from worker.failures import reports_failure


@reports_failure
def roll_up_counters() -> None:
    """Replace the rows of the counters by their sums."""
    rollup.roll_up_counters(context().database)

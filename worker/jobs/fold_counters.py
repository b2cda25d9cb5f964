"""Keep the counters' tables short."""

from app.upkeep import rollup as counting
from worker.application import application
from worker.failures import reports_failure


@reports_failure
def fold_counters() -> None:
    """Replace the counters' rows by their sums."""
    counting.fold_counters(application().extensions["database"])

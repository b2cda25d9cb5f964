"""Delete shared secrets whose time has ended."""

from app.upkeep import sharing_retention
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def purge_sharing() -> None:
    """Run one purge, as of now."""
    sharing_retention.purge(context().database, current_time(context()))

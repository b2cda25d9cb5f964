"""Delete data of the portal whose retention has ended."""

from app.upkeep import portal_retention
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def purge_portal() -> None:
    """Run one purge, as of now."""
    portal_retention.purge(context().database, current_time(context()))

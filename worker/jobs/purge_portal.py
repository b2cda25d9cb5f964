"""Delete data of the portal whose retention has ended."""

from app.domain.errors import JobFailedError
from app.upkeep import portal_retention
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def purge_portal() -> None:
    """Run one purge, as of now. Raises JobFailedError if a step failed."""
    if None in portal_retention.purge(context().database, current_time(context())).values():
        raise JobFailedError("purge-portal")

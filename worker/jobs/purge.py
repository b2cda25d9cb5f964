"""Delete data whose retention has ended."""

from app.domain.errors import JobFailedError
from app.upkeep import retention
from app.upkeep.last_purge import record_purge
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def purge() -> None:
    """Run one purge, as of now, and record it. Raises JobFailedError if a step failed."""
    now = current_time(context())
    deleted = retention.purge(context().database, context().settings.submission, now)
    if None in deleted.values():
        raise JobFailedError("purge")
    record_purge(context().redis, now)

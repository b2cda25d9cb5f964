"""Delete data whose retention has ended."""

from app.upkeep import retention
from app.upkeep.last_purge import record_purge
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def purge() -> None:
    """Run one purge, as of now, and record it if no step failed."""
    now = current_time(context())
    deleted = retention.purge(context().database, context().settings.submission, now)
    if None not in deleted.values():
        record_purge(context().redis, now)

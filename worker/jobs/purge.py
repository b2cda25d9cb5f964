"""Delete data whose retention has ended."""

from app.domain.timeline import utc_now
from app.upkeep import retention
from app.upkeep.last_purge import record_purge
from worker.application import context
from worker.failures import reports_failure


@reports_failure
def purge() -> None:
    """Run one purge, as of now, and record it if no step failed."""
    now = utc_now()
    deleted = retention.purge(context().database, context().settings.submission, now)
    if None not in deleted.values():
        record_purge(context().redis, now)

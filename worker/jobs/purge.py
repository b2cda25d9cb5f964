"""Delete data whose retention has ended."""

from app.upkeep import retention
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def purge() -> None:
    """Run one purge, as of now."""
    retention.purge(context().database, context().settings.submission, current_time(context()))

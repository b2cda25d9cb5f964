"""Log the failed claims of all networks, for alarms."""

from app.upkeep import failed_claims
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def report_failed_claims() -> None:
    """Log the totals, as of now."""
    failed_claims.report_failed_claims(context().database, current_time(context()))

"""Log the failed claims of all networks, for alarms."""

from app.domain.timeline import utc_now
from app.upkeep import failed_claims
from worker.application import context
from worker.failures import reports_failure


@reports_failure
def report_failed_claims() -> None:
    """Log the totals, as of now."""
    failed_claims.report_failed_claims(context().database, utc_now())

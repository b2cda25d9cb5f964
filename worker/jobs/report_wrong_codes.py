"""Let an alarm see when many wrong codes are tried."""

from app.upkeep import failed_claims as guesses
from app.domain.timeline import utc_now
from worker.application import application
from worker.failures import reports_failure


@reports_failure
def report_wrong_codes() -> None:
    """Log how many wrong codes were tried, as of now."""
    guesses.report_wrong_codes(application().extensions["database"], utc_now())

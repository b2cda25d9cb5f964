"""Send the daily digest."""

from app.figures.digest_delivery import DigestDelivery
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def send_digest() -> None:
    """Send the digest of today, if its hour has come and no worker has sent it."""
    status = context().status
    DigestDelivery(context().database, context().settings.status, status.document).send_due(current_time(context()))

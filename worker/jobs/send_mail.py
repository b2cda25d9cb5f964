"""Send the messages that the portal stored."""

from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def send_mail() -> None:
    """Send what is due, as of now."""
    context().portal.mail_delivery.send_due(current_time(context()))

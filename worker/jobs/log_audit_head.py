"""Note the newest entry of the portal's audit log in the service's log, where the database cannot change it."""

import logging

from worker.application import context
from worker.failures import reports_failure

_logger = logging.getLogger(__name__)


@reports_failure
def log_audit_head() -> None:
    """Log the number and the keyed hash of the newest entry, for `flask portal audit-check --expect`."""
    head = context().portal.audit_checks.head()
    _logger.info("audit log head", extra={"head": f"{head.number}:{head.mac.hex()}"})

"""Monitoring the failed claims of all networks together, which reveal guessing from many networks."""

import logging
from collections.abc import Mapping
from datetime import datetime

from app.database.database import Database
from app.domain.timeline import minute_number
from app.store import claim_attempts

_logger = logging.getLogger(__name__)


def report_failed_claims(database: Database, now: datetime) -> Mapping[str, int]:
    """Log the totals and return them. Alarms match the line `failed claims`, which identifies no client."""
    with database.autocommit() as connection:
        totals = claim_attempts.count(connection, minute_number(now))
    _logger.info("failed claims", extra=dict(totals))
    return totals

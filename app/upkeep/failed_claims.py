"""Watching how many wrong codes everybody together tries: guessing from a thousand networks is seen here only."""

import logging
from collections.abc import Mapping
from datetime import datetime

from app.domain.timeline import minute_number
from app.store import claim_attempts
from app.database.database import Database

_logger = logging.getLogger(__name__)


def report_wrong_codes(database: Database, now: datetime) -> Mapping[str, int]:
    """Log how many there were. An alarm watches the line `wrong codes`, which names nobody."""
    with database.single() as connection:
        totals = claim_attempts.count(connection, minute_number(now))
    _logger.info("wrong codes", extra=dict(totals))
    return totals

"""Deleting shared secrets and receipts whose time has ended, and checking that none is left."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from app.database.database import Database, allow_time
from app.domain.sharing import MAX_LIFETIME, RECEIPT_RETENTION
from app.domain.timeline import CLOCK_TOLERANCE
from app.store import shared_secrets
from app.store.shared_secrets import Inventory, Limits

_logger = logging.getLogger(__name__)

# The worker purges every minute.
PURGE_DELAY: Final = timedelta(minutes=3)


def purge(database: Database, now: datetime) -> Mapping[str, int]:
    """Delete what has expired by `now`; return the number of deleted rows by table."""
    with database.session() as session:
        allow_time(session.connection())  # after an outage or a flood, many have expired
        deleted = {
            "secrets": shared_secrets.purge(session, now, now + CLOCK_TOLERANCE),
            "receipts": shared_secrets.purge_receipts(session, now - RECEIPT_RETENTION),
        }
    _logger.info("sharing purge finished", extra=deleted)
    return deleted


def take_inventory(database: Database, now: datetime) -> Inventory:
    """Return how much is stored, and how much of it should have been deleted by now."""
    limits = Limits(MAX_LIFETIME, RECEIPT_RETENTION)
    with database.session() as session:
        return shared_secrets.take_inventory(session, now - PURGE_DELAY, now + CLOCK_TOLERANCE, limits)

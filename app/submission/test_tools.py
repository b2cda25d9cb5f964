"""What test environments may do and production never (protocol section N)."""

import logging

from app.store import exposure_keys
from app.store.database import Database

_logger = logging.getLogger(__name__)


def clear_diagnosis_keys(database: Database) -> None:
    """Delete every exposure key. An alarm watches for the text that this logs."""
    with database.transaction() as connection:
        exposure_keys.clear(connection)
    _logger.warning("diagnosis_keys was truncated")

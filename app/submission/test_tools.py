"""What test environments may do and production never (protocol section N)."""

import logging

from app.store import export_archives
from app.store import diagnosis_keys as exposure_keys
from app.database.database import Database

_logger = logging.getLogger(__name__)


def clear_diagnosis_keys(database: Database) -> None:
    """Delete every exposure key, and the archives that hold them. An alarm watches for the text that this logs.

    A process may serve an archive that it has in memory for EXPORT_MAX_AGE_SECONDS more.
    """
    with database.transaction() as connection:
        export_archives.lock_builder(connection, wait=True)  # or an archive that is being built would outlive its keys
        exposure_keys.clear(connection)
        export_archives.clear(connection)
    _logger.warning("diagnosis_keys was truncated")

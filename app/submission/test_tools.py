"""Operations for test environments, which production refuses (section N)."""

import logging

from app.database.database import Database
from app.store import diagnosis_keys, export_archives

_logger = logging.getLogger(__name__)


class TestTools:
    """Resets a test environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def clear_diagnosis_keys(self) -> None:
        """Delete all diagnosis keys, and the archives that hold them. Alarms match the text that this logs.

        A process may serve an archive from memory for up to EXPORT_MAX_AGE_SECONDS more.
        """
        with self._database.transaction() as connection:
            # Otherwise an archive that is being built could outlive its keys.
            export_archives.lock_builder(connection, wait=True)
            diagnosis_keys.clear(connection)
            export_archives.clear(connection)
        _logger.warning("diagnosis_keys was truncated")

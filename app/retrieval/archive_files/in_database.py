"""Archives in PostgreSQL, in parts of a megabyte, so that neither side holds a large archive in memory twice."""

from typing import BinaryIO, Final

from app.database.database import Database
from app.store import archive_parts

PART_BYTES: Final = 1 << 20


class DatabaseFiles:
    """Archives as rows of `export_archive_parts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, name: str, content: BinaryIO) -> None:
        """Store a file, all parts in one transaction."""
        with self._database.transaction() as connection:
            archive_parts.delete(connection, name)
            number = 0
            while part := content.read(PART_BYTES):
                archive_parts.add(connection, name, number, part)
                number += 1

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist."""
        with self._database.transaction() as connection:
            parts = list(archive_parts.parts_of(connection, name))
        return b"".join(parts) if parts else None

    def keep_only(self, names: set[str]) -> None:
        """Delete all other files."""
        with self._database.autocommit() as connection:
            archive_parts.keep_only(connection, names)

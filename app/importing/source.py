"""The source of an import: the public server's database, or a folder of dumps."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from app.importing.errors import SourceError
from app.importing.tables import Row, SourceTable


class Source(Protocol):
    """The rows of the public server, every value as a text, bytes in hexadecimal. All methods raise SourceError."""

    def has(self, table: SourceTable) -> bool:
        """Return whether the table exists."""

    def originators(self, table: SourceTable) -> Iterator[tuple[str | None, int]]:
        """Yield each originator of a table once or several times, with a number of rows."""

    def rows(self, table: SourceTable) -> Iterator[Row]:
        """Yield all rows of a table, with at most a batch of them in memory."""


def open_source(address: str) -> AbstractContextManager[Source]:
    """Return the source of a URL (`mysql://…`, `mariadb://…`) or a folder. Raises SourceError."""
    if address.startswith(("mysql://", "mariadb://")):
        from app.importing.mysql import open_database

        return open_database(address)
    if "://" not in address and _is_folder(address):
        from app.importing.dump import open_folder

        return open_folder(Path(address))
    raise SourceError("SOURCE is neither mysql://…, nor mariadb://…, nor a folder")


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # a name that is too long, or a folder above it that may not be searched
        return False

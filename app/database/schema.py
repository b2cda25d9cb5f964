"""Whether the database has the schema that this version needs, read from `alembic_version`.

The revisions are read from the text of the migrations: Alembic takes as long to import as Flask, and serving processes
do not need it.
"""

import functools
import re
from enum import Enum
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.database.database import Database
from app.database.errors import NOT_PERMITTED, TABLE_MISSING, sqlstate

_VERSIONS: Final = Path(__file__).parents[2] / "migrations" / "versions"
_REVISION: Final = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_DOWN_REVISION: Final = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)
_SELECT: Final = text("SELECT version_num FROM alembic_version")


class SchemaState(Enum):
    """How the schema of a database compares with the one that this version needs."""

    CURRENT = "current"  # or newer: a release migrates first, while processes of the old version still serve
    PENDING = "pending"
    UNKNOWN = "unknown"  # the role may not read `alembic_version`, or the database does not respond


class Schema:
    """Compares the database's revision with this version's, until it is current once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_current = False

    def state(self) -> SchemaState:
        """Return the state of the schema, with a query only until it is current. Raises DBAPIError."""
        if self._is_current:
            return SchemaState.CURRENT
        try:
            revision = self.revision()
        except ProgrammingError as error:
            if sqlstate(error) != NOT_PERMITTED:
                raise
            return SchemaState.UNKNOWN
        if revision is None or revision in older_revisions():
            return SchemaState.PENDING
        self._is_current = True
        return SchemaState.CURRENT

    def is_newer(self) -> bool:
        """Return whether a later version migrated the database. Raises DBAPIError."""
        return self.revision() not in (None, head_revision(), *older_revisions())

    def revision(self) -> str | None:
        """Return the revision of the database, or None if it was never migrated. Raises DBAPIError."""
        try:
            with self._database.autocommit() as connection:
                revision: str | None = connection.execute(_SELECT).scalar()
        except ProgrammingError as error:
            if sqlstate(error) != TABLE_MISSING:
                raise
            return None
        return revision


@functools.cache
def older_revisions() -> frozenset[str]:
    """Return the revisions that have a successor among the migrations of this version."""
    return frozenset(revision for source in _migrations() for revision in _DOWN_REVISION.findall(source))


@functools.cache
def head_revision() -> str:
    """Return the revision of the newest migration of this version."""
    revisions = {revision for source in _migrations() for revision in _REVISION.findall(source)}
    return str(next(iter(revisions - older_revisions())))


def _migrations() -> list[str]:
    return [file.read_text(encoding="utf-8") for file in _VERSIONS.glob("*.py")]

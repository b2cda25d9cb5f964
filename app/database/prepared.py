"""Statements that phones wait for, sent by psycopg2 alone, and prepared once in each session of PostgreSQL.

SQLAlchemy's layers around a statement cost as much processor time as psycopg2 and its half of the wire together. The
pool stays SQLAlchemy's, and so do the errors, whose text never holds a value. PostgreSQL spends as long on the plan of
a claim as on the claim, so it keeps plans: see ADR 0017.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any, Final

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.exc import DBAPIError

from app.database.watchdog import Deadline
from app.database.statement import Statement

_logger = logging.getLogger(__name__)

_DIALECT: Final = PGDialect_psycopg2()  # type: ignore[no-untyped-call]

# A plan suits the tables of the moment in which it was made. PostgreSQL makes it anew when it has counted a table anew,
# which it does a minute or more after many rows were added.
PLAN_SECONDS: Final = 60

# What a session says that has not what this process prepared, or has it from another: a pooler lends it to many.
_SHARED: Final = ("26000", "42P05")
# What it says of a prepared statement whose columns have changed their types: a migration was run.
_OUTDATED: Final = "0A000"


class Direct:
    """The database. An execution is a transaction of its own, and one round trip in a session that is prepared."""

    def __init__(self, engine: Engine, deadline: Deadline) -> None:
        """Take an engine of which the isolation level is AUTOCOMMIT."""
        self._engine = engine
        self._deadline = deadline
        self._prepares = True

    def execute(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a statement and return the rows of its last part; bytes come as memoryview. Raises DBAPIError.

        A connection is taken from the pool for no longer than that. One that is lost meanwhile is not given back.
        """
        pooled = self._engine.raw_connection()
        driver: Any = pooled.driver_connection
        try:
            with self._deadline.on(driver):
                cursor = driver.cursor()
                if not (self._prepares and self._run_by_name(cursor, pooled.info, statement, values)):
                    cursor.execute(statement.in_full, values)
                rows: list[tuple[Any, ...]] = cursor.fetchall()
                return rows
        except psycopg2.Error as error:
            raise _as_sqlalchemy_says_it(error, is_lost=driver.closed != 0) from error
        finally:
            if driver.closed:
                pooled.invalidate()  # the pool opens another
            pooled.close()

    def _run_by_name(
        self, cursor: Any, session: dict[Any, Any], statement: Statement, values: Mapping[str, Any]
    ) -> bool:
        """Run a statement, and prepare it first in a session that has not; tell whether that could be done.

        What cannot be done leaves no trace: a text that fails is rolled back as a whole.
        """
        try:
            _prepare(cursor, session.setdefault(_Prepared, _Prepared()), statement)
            cursor.execute(statement.by_name, values)
        except psycopg2.Error as error:
            if error.pgcode == _OUTDATED:
                cursor.execute("DEALLOCATE ALL")
                del session[_Prepared]
            elif error.pgcode in _SHARED:
                if self._prepares:  # other threads may have noticed meanwhile
                    self._prepares = False
                    _logger.warning("statements are not prepared: a pooler lends each session of PostgreSQL to many")
            else:
                raise
            return False
        return True


class _Prepared:
    """What a session has prepared, and when it last threw its plans away."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.planned_anew = time.monotonic()


def _prepare(cursor: Any, prepared: _Prepared, statement: Statement) -> None:
    now = time.monotonic()
    if now - prepared.planned_anew > PLAN_SECONDS:
        cursor.execute("DISCARD PLANS")
        prepared.planned_anew = now
    for part in statement.parts:
        if part.name not in prepared.names:
            cursor.execute(part.preparation)
            prepared.names.add(part.name)


def _as_sqlalchemy_says_it(error: psycopg2.Error, *, is_lost: bool) -> Exception:
    translated: Exception = DBAPIError.instance(
        "", None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_lost, dialect=_DIALECT
    )
    return translated

"""Statements on the paths that phones wait for: sent by psycopg2 directly, and prepared once in each session.

SQLAlchemy's execution layers use as much processor time per statement as psycopg2 and its network I/O. The pool and the
errors, whose text never holds a value, remain SQLAlchemy's. Planning a claim takes PostgreSQL as long as executing it,
so plans are cached: see ADR 0017.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any, Final

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.exc import DBAPIError

from app.database.stale_connections import READ_ONLY
from app.database.statement import Statement
from app.database.watchdog import Watchdog

_logger = logging.getLogger(__name__)

_DIALECT: Final = PGDialect_psycopg2()  # type: ignore[no-untyped-call]

# A cached plan suits the tables as they were when it was made. PostgreSQL makes a new one after it has analyzed a
# table, which happens a minute or more after many rows were added.
PLAN_SECONDS: Final = 60

# SQLSTATEs for a prepared statement that is missing or already exists: the session is shared through a pooler.
_SHARED_SESSION: Final = ("26000", "42P05")
# SQLSTATE for a prepared statement whose result columns have changed their types: a migration has run.
_OUTDATED_PLAN: Final = "0A000"


class PreparedExecutor:
    """Executes statements. Each is a transaction of its own, and one round trip once its session is prepared."""

    def __init__(self, engine: Engine, watchdog: Watchdog) -> None:
        """Use an engine whose isolation level is AUTOCOMMIT."""
        self._engine = engine
        self._watchdog = watchdog
        self._is_enabled = True

    def execute(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Execute a statement and return the rows of its last part; bytes are memoryview. Raises DBAPIError.

        A connection is checked out of the pool for the duration of the call only, and discarded if it is lost.
        """
        try:
            pooled = self._engine.raw_connection()
        except psycopg2.Error as error:
            raise _to_sqlalchemy_error(error, is_lost=True) from error
        driver: Any = pooled.driver_connection
        try:
            with self._watchdog.guard(driver):
                cursor = driver.cursor()
                if not (self._is_enabled and self._execute_prepared(cursor, pooled.info, statement, values)):
                    cursor.execute(statement.sql, values)
                rows: list[tuple[Any, ...]] = cursor.fetchall()
                return rows
        except psycopg2.Error as error:
            if error.pgcode == READ_ONLY:
                driver.close()
                self._engine.dispose()
            raise _to_sqlalchemy_error(error, is_lost=driver.closed != 0) from error
        finally:
            if driver.closed:
                pooled.invalidate()
            pooled.close()

    def _execute_prepared(
        self, cursor: Any, session: dict[Any, Any], statement: Statement, values: Mapping[str, Any]
    ) -> bool:
        """Execute a statement, after preparing it in a session that lacks it; return whether that was possible.

        A failure has no effect: a text that fails is rolled back as a whole.
        """
        try:
            _prepare(cursor, session.setdefault(_Session, _Session()), statement)
            cursor.execute(statement.prepared, values)
        except psycopg2.Error as error:
            if error.pgcode == _OUTDATED_PLAN:
                cursor.execute("DEALLOCATE ALL")
                del session[_Session]
            elif error.pgcode in _SHARED_SESSION:
                if self._is_enabled:  # another thread may have been first
                    self._is_enabled = False
                    _logger.warning("prepared statements disabled: connection pooler detected")
            else:
                raise
            return False
        return True


class _Session:
    """The statements that a session has prepared, and when its plans were last discarded."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.planned_at = time.monotonic()


def _prepare(cursor: Any, session: _Session, statement: Statement) -> None:
    now = time.monotonic()
    if now - session.planned_at > PLAN_SECONDS:
        cursor.execute("DISCARD PLANS")
        session.planned_at = now
    for part in statement.parts:
        if part.name not in session.names:
            cursor.execute(part.prepare_sql)
            session.names.add(part.name)


def _to_sqlalchemy_error(error: psycopg2.Error, *, is_lost: bool) -> Exception:
    translated: Exception = DBAPIError.instance(
        "", None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_lost, dialect=_DIALECT
    )
    return translated

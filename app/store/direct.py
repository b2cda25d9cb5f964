"""Statements that phones wait for, sent by psycopg2 alone.

SQLAlchemy's layers around a statement cost as much processor time as psycopg2 and its half of the wire together. The
pool stays SQLAlchemy's, and so do the errors, whose text never holds a value.
"""

import functools
from collections.abc import Mapping
from typing import Any

import psycopg2
from sqlalchemy import Engine, TextClause
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.exc import DBAPIError

from app.store.deadline import Deadline

_DIALECT = PGDialect_psycopg2()  # type: ignore[no-untyped-call]


class Direct:
    """The database, each execution on which is one round trip, and a transaction of its own."""

    def __init__(self, engine: Engine, deadline: Deadline) -> None:
        """Take an engine of which the isolation level is AUTOCOMMIT."""
        self._engine = engine
        self._deadline = deadline

    def execute(self, clause: TextClause, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a text and return the rows of its last statement; bytes come as memoryview. Raises DBAPIError.

        A connection is taken from the pool for no longer than that. One that is lost meanwhile is not given back.
        """
        pooled = self._engine.raw_connection()
        driver: Any = pooled.driver_connection
        try:
            with self._deadline.on(driver):
                cursor = driver.cursor()
                cursor.execute(in_psycopg2s_form(clause), values)
                rows: list[tuple[Any, ...]] = cursor.fetchall()
                return rows
        except psycopg2.Error as error:
            raise _as_sqlalchemy_says_it(error, is_lost=driver.closed != 0) from error
        finally:
            if driver.closed:
                pooled.invalidate()  # the pool opens another
            pooled.close()


@functools.cache
def in_psycopg2s_form(clause: TextClause) -> str:
    """Return a text with parameters as psycopg2 marks them."""
    return str(clause.compile(dialect=_DIALECT))


def _as_sqlalchemy_says_it(error: psycopg2.Error, *, is_lost: bool) -> Exception:
    translated: Exception = DBAPIError.instance(
        "", None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_lost, dialect=_DIALECT
    )
    return translated

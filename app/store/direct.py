"""Statements that phones wait for, sent by psycopg2 alone.

SQLAlchemy's layers around a statement cost as much processor time as psycopg2 and its half of the wire together. The
pool stays SQLAlchemy's, and so do the errors, whose text never holds a value.
"""

import functools
from collections.abc import Mapping
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.exc import DBAPIError

_DIALECT = PGDialect_psycopg2()  # type: ignore[no-untyped-call]


class Direct:
    """A connection on which each execution is one round trip, and a transaction of its own."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def execute(self, clause: TextClause, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a text and return the rows of its last statement; bytes come as memoryview. Raises DBAPIError."""
        try:
            self._cursor.execute(in_psycopg2s_form(clause), values)
            return self._cursor.fetchall()
        except psycopg2.Error as error:
            raise _as_sqlalchemy_says_it(error, is_lost=self._cursor.connection.closed != 0) from error


@functools.cache
def in_psycopg2s_form(clause: TextClause) -> str:
    """Return a text with parameters as psycopg2 marks them."""
    return str(clause.compile(dialect=_DIALECT))


def _as_sqlalchemy_says_it(error: psycopg2.Error, *, is_lost: bool) -> Exception:
    translated: Exception = DBAPIError.instance(
        "", None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_lost, dialect=_DIALECT
    )
    return translated

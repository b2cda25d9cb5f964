"""The statements of app/store exactly as the service sends them, to run or to explain without the service."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, TextClause
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

_DIALECT: Final = PGDialect_psycopg2()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Statement:
    """A statement as the store has it, and its values."""

    clause: TextClause
    values: Mapping[str, Any]

    @property
    def sql(self) -> str:
        """The statement in psycopg2's form."""
        return compiled(self.clause)


class _Recorded(Exception):  # noqa: N818 - it is no error
    def __init__(self, statement: Statement) -> None:
        super().__init__()
        self.statement = statement


class _Recorder:
    """Stands in for a connection: all of one that the store uses. It goes no further than the first execution."""

    def execute(self, clause: TextClause, values: Mapping[str, Any], **_: Any) -> None:
        raise _Recorded(Statement(clause, values))


def recorded(call: Callable[[Connection], object]) -> Statement:
    """Return the first statement that a function of the store executes on the connection that it is given."""
    try:
        call(_Recorder())  # type: ignore[arg-type]
    except _Recorded as end:
        return end.statement
    raise ValueError("the function executed nothing")


def parameters(clause: TextClause) -> set[str]:
    """Return the names of a statement's parameters."""
    return set(clause.compile(dialect=_DIALECT).params)


@functools.cache
def compiled(clause: TextClause) -> str:
    """Return a statement in psycopg2's form."""
    return str(clause.compile(dialect=_DIALECT))

"""SQL that is sent over and over: as a text, and as the statements that a session of PostgreSQL has prepared of it."""

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

_PSYCOPG2: Final = PGDialect_psycopg2()  # type: ignore[no-untyped-call]
_NUMBERED: Final = PGDialect_psycopg2(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Part:
    """A part of a statement in psycopg2's form, the text that prepares it under a name, and the one that executes it.

    The name is of the text, so that versions of the service that share a session, by way of a pooler, never run each
    other's.
    """

    in_full: str
    name: str
    preparation: str
    execution: str


class Statement:
    """SQL of one or several parts that are one transaction, and go to the server in one round trip.

    `in_full` is all of it. `by_name` does the same in a session in which every part has been prepared.
    """

    def __init__(self, *parts: str) -> None:
        """Take parts with parameters such as `:name`, whose types PostgreSQL can tell from where they stand first."""
        self.parts: Final = tuple(_part(part) for part in parts)
        self.in_full: Final = ";".join(part.in_full for part in self.parts)
        self.by_name: Final = ";".join(part.execution for part in self.parts)


def _part(sql: str) -> Part:
    numbered = text(sql).compile(dialect=_NUMBERED)
    name = "p" + hashlib.sha256(str(numbered).encode()).hexdigest()[:16]
    values = ", ".join(f"%({parameter})s" for parameter in numbered.positiontup or ())
    return Part(
        in_full=str(text(sql).compile(dialect=_PSYCOPG2)),
        name=name,
        preparation=f"PREPARE {name} AS {numbered}",
        execution=f"EXECUTE {name}" + (f" ({values})" if values else ""),
    )

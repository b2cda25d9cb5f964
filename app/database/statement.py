"""SQL that is sent often: as text, and as the statements that a PostgreSQL session has prepared from it."""

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

_PSYCOPG2: Final = PGDialect_psycopg2()  # type: ignore[no-untyped-call]
_NUMBERED: Final = PGDialect_psycopg2(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Part:
    """One part of a statement: its text in psycopg2's form, and the texts that prepare and execute it under a name.

    The name is a digest of the text, so that versions of the service that share a session through a pooler never run
    each other's statements.
    """

    sql: str
    name: str
    prepare_sql: str
    execute_sql: str


class Statement:
    """SQL in one or several parts, which are one transaction and one round trip.

    `sql` is the whole text. `prepared` does the same in a session in which every part has been prepared.
    """

    def __init__(self, *parts: str) -> None:
        """Take parts with parameters such as `:name`, whose types PostgreSQL infers from their first use."""
        self.parts: Final = tuple(_part(part) for part in parts)
        self.sql: Final = ";".join(part.sql for part in self.parts)
        self.prepared: Final = ";".join(part.execute_sql for part in self.parts)


def _part(sql: str) -> Part:
    numbered = text(sql).compile(dialect=_NUMBERED)
    name = "p" + hashlib.sha256(str(numbered).encode()).hexdigest()[:16]
    values = ", ".join(f"%({parameter})s" for parameter in numbered.positiontup or ())
    return Part(
        sql=str(text(sql).compile(dialect=_PSYCOPG2)),
        name=name,
        prepare_sql=f"PREPARE {name} AS {numbered}",
        execute_sql=f"EXECUTE {name}" + (f" ({values})" if values else ""),
    )

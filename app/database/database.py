"""How a service gets a connection: for one statement that is its own transaction, or for several in one."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from app.database.watchdog import Deadline
from app.database.prepared import Direct

# SQLSTATEs, or their classes, that say nothing about a statement and everything about the server (PostgreSQL's manual,
# appendix A). Class 58, a fault of the system below, is not one of them: it may be of one table's file.
_OUTAGES: Final = (
    "08",  # connection exceptions
    "25006",  # only reads, as a standby does
    "25P03",  # hung up on, idle in a transaction
    "40",  # rolled back for the sake of others: deadlocks, serialization
    "53",  # resources: connections, disk, memory
    "55P03",  # a lock that was not to be had in time
    "57",  # operator intervention: shutting down, starting, a statement cancelled for its time
)

# How long a transaction may take: as long as a job.
TRANSACTION_SECONDS: Final = 600.0

_ALLOW_TIME = text("SET LOCAL statement_timeout = '300s'")
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


class Database:
    """PostgreSQL, as services see it."""

    def __init__(self, engine: Engine, patience_seconds: float) -> None:
        """Take an engine of which the isolation level is AUTOCOMMIT, as nearly all uses want it.

        `patience_seconds` should be a little longer than the server's own limit on statements.
        """
        self._engine = engine
        self._deadline = Deadline(patience_seconds)
        self.direct = Direct(engine, self._deadline)  # for the statements that phones wait for
        self._transactions = engine.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def single(self) -> Iterator[Connection]:
        """Lend a connection on which each execution is a transaction of its own, and one round trip.

        Several statements sent in one execution, separated by semicolons, are one transaction too: PostgreSQL runs
        such a text as a whole or not at all. When the server falls silent, the connection ends (see `Deadline`).
        """
        with self._engine.connect() as connection, self._deadline.on(connection.connection.dbapi_connection):
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection in a transaction that is committed at the end, and rolled back on any error."""
        with self._transactions.begin() as connection, self._patiently_on(connection):
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Lend a connection that only reads, and on which every statement sees the same moment."""
        # Said in the transaction: what is said before it, a pooler may say to another session, and leave it read-only.
        with self.transaction() as connection:
            connection.execute(_SNAPSHOT)
            yield connection

    def _patiently_on(self, connection: Connection) -> AbstractContextManager[None]:
        return self._deadline.on(connection.connection.dbapi_connection, TRANSACTION_SECONDS)

    def dispose(self) -> None:
        """Close the connections that nobody uses."""
        self._engine.dispose()

    def ping(self) -> None:
        """Raise if PostgreSQL does not answer."""
        with self.single() as connection:
            connection.execute(text("SELECT 1"))


def allow_time(connection: Connection) -> None:
    """Let the statements of this transaction take the minutes that sorting millions of rows may need."""
    connection.execute(_ALLOW_TIME)


def violated_constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that refused a row, or the empty text."""
    diagnostics = getattr(error.orig, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def is_violation_of(error: DBAPIError, table: str) -> bool:
    """Tell whether a table's constraint refused a row: the server names the table apart from its words (D9)."""
    diagnostics = getattr(error.orig, "diag", None)
    return isinstance(error, IntegrityError) and getattr(diagnostics, "table_name", None) == table


def is_outage(error: DBAPIError) -> bool:
    """Tell whether the database itself failed (gone, refusing, too slow), rather than this statement's content.

    An error without a SQLSTATE is not the server's: the client library could not reach it, or lost it.
    """
    state = getattr(error.orig, "pgcode", None)
    if error.connection_invalidated or state is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return str(state).startswith(_OUTAGES)

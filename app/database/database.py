"""Connections for services: for single statements, for transactions, and for consistent reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text

from app.database.prepared import PreparedExecutor
from app.database.watchdog import Watchdog

# How long a transaction may take: as long as a job.
TRANSACTION_SECONDS: Final = 600.0

_ALLOW_TIME = text("SET LOCAL statement_timeout = '300s'")
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


class Database:
    """PostgreSQL."""

    def __init__(self, engine: Engine, response_seconds: float) -> None:
        """Use an engine whose isolation level is AUTOCOMMIT.

        `response_seconds`: how long a statement waits for the server. It should be a little longer than the server's
        own statement_timeout.
        """
        self._engine = engine
        self._watchdog = Watchdog(response_seconds)
        self.prepared = PreparedExecutor(engine, self._watchdog)
        self._transactions = engine.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Yield a connection on which each execution is a transaction of its own, and one round trip.

        Several statements sent in one execution, separated by semicolons, are one transaction: PostgreSQL runs them
        all or none. If the server stops responding, the connection is closed (see `Watchdog`).
        """
        with self._engine.connect() as connection, self._watchdog.guard(connection.connection.dbapi_connection):
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, which is committed at the end or rolled back on any error."""
        with (
            self._transactions.begin() as connection,
            self._watchdog.guard(connection.connection.dbapi_connection, TRANSACTION_SECONDS),
        ):
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a read-only connection on which every statement sees the same state."""
        # Set inside the transaction: a pooler may apply session settings to another session, and leave it read-only.
        with self.transaction() as connection:
            connection.execute(_SNAPSHOT)
            yield connection

    def dispose(self) -> None:
        """Close idle connections."""
        self._engine.dispose()

    def ping(self) -> None:
        """Raise DBAPIError if PostgreSQL does not respond."""
        with self.autocommit() as connection:
            connection.execute(text("SELECT 1"))


def allow_time(connection: Connection) -> None:
    """Allow the statements of this transaction the minutes that sorting millions of rows may take."""
    connection.execute(_ALLOW_TIME)

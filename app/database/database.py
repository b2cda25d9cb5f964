"""Connections for services: for single statements, for transactions, and for consistent reads."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED
from sqlalchemy import Connection, Engine, QueuePool, event, text

from app.database.observed import ObservedExecutor, observe_engine
from app.database.prepared import PreparedExecutor
from app.database.watchdog import Guard, Watchdog

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# How long a transaction may pause between two statements, or between two rows of a long result.
PAUSE_SECONDS: Final = 600.0
# How much later than the server's own timeout a connection is closed.
_MARGIN_SECONDS: Final = 1.0
_WAITS: Final = "waits"  # an execution option of connections that are in a transaction

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
        self.prepared: PreparedExecutor = PreparedExecutor(engine, self._watchdog)
        _watch_transactions(engine)

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
        """Yield a connection in a transaction, which is committed at the end or rolled back on any error.

        If the server stops responding to a statement, or to the commit, the connection is closed (see `Watchdog`).
        """
        with (
            self._engine.connect() as connection,
            self._watchdog.guard(connection.connection.dbapi_connection) as guard,
        ):
            seconds = self._watchdog.seconds
            connection.execution_options(**{_WAITS: _Waits(guard, seconds, seconds)})
            # An isolation level among SQLAlchemy's execution options would do the same, but psycopg2 then sets the
            # session's default before and after each transaction. In this order, it sends neither: only BEGIN has the
            # level, also if a pooler ignored that of the session. There is no context manager for this: a signal could
            # end it after the session is back in the pool, for another thread.
            session: Any = connection.connection.dbapi_connection
            session.autocommit = False
            try:
                session.isolation_level = ISOLATION_LEVEL_READ_COMMITTED
                with connection.begin():
                    yield connection
            finally:
                try:
                    session.isolation_level = None
                    session.autocommit = True
                except psycopg2.Error:  # it is closed, or still in a transaction that would include what follows
                    connection.invalidate()

    @contextmanager
    def session(self) -> "Iterator[Session]":
        """Yield an ORM session in a transaction, which is committed at the end or rolled back on any error."""
        from sqlalchemy.orm import Session  # not needed by processes that serve phones only

        with self.transaction() as connection, Session(connection, expire_on_commit=False) as session:
            yield session
            session.flush()

    @contextmanager
    def autocommit_session(self) -> "Iterator[Session]":
        """Yield an ORM session in which each statement is a transaction of its own, and one round trip."""
        from sqlalchemy.orm import Session

        with self.autocommit() as connection, Session(connection, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a read-only connection on which every statement sees the same state."""
        # Set inside the transaction: a pooler may apply session settings to another session, and leave it read-only.
        with self.transaction() as connection:
            connection.execute(_SNAPSHOT)
            yield connection

    def dispose(self) -> None:
        """Close idle connections, and end the thread that watches the others when there are none."""
        self._watchdog.stop()
        self._engine.dispose()

    def observe_statements(self, observe: Callable[[str], AbstractContextManager[object]]) -> None:
        """Enter the context that `observe` returns for the SQL of each statement, without values, while it runs."""
        self.prepared = ObservedExecutor(self._engine, self._watchdog, observe)
        observe_engine(self._engine, observe)

    def pool_connections(self) -> dict[str, int]:
        """Return how many connections of the pool are in use, and how many are idle."""
        pool = self._engine.pool
        return {"in_use": pool.checkedout(), "idle": pool.checkedin()} if isinstance(pool, QueuePool) else {}

    def ping(self) -> None:
        """Raise DBAPIError if PostgreSQL does not respond."""
        with self.autocommit() as connection:
            connection.execute(text("SELECT 1"))


def allow_time(connection: Connection, seconds: int = 300, *, also_for_locks: bool = False) -> None:
    """Allow each statement of this transaction `seconds`; the default suffices to sort millions of rows.

    `also_for_locks`: it may spend all of them waiting for a lock.
    """
    names = ("statement_timeout", "lock_timeout") if also_for_locks else ("statement_timeout",)
    connection.execute(text("; ".join(f"SET LOCAL {name} = '{seconds}s'" for name in names)))
    if waits := _waits(connection):
        waits.seconds = seconds + _MARGIN_SECONDS


@dataclass
class _Waits:
    """The deadline of a transaction's connection, and how long each response and its end may take, in seconds."""

    guard: Guard
    seconds: float
    end_seconds: float


def _waits(connection: Connection) -> _Waits | None:
    waits: _Waits | None = connection.get_execution_options().get(_WAITS)
    return waits


def _expect_response(connection: Connection, *_: object) -> None:
    if waits := _waits(connection):
        waits.guard.allow(waits.seconds)


def _expect_pause(connection: Connection, *_: object) -> None:
    if waits := _waits(connection):
        waits.guard.allow(PAUSE_SECONDS)


def _expect_end(connection: Connection) -> None:
    if waits := _waits(connection):
        waits.guard.allow(waits.end_seconds)


def _watch_transactions(engine: Engine) -> None:
    """Let the deadline follow each transaction.

    The listeners are the engine's: adding them to each connection took longer than an empty transaction.
    """
    event.listen(engine, "before_cursor_execute", _expect_response)
    event.listen(engine, "after_cursor_execute", _expect_pause)
    event.listen(engine, "commit", _expect_end)
    event.listen(engine, "rollback", _expect_end)

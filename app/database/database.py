"""Connections for services: for single statements, for transactions, and for consistent reads."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final

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
_STATEMENT_SECONDS: Final = "statement_seconds"  # an entry of `Connection.info`

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
        """Yield a connection in a transaction, which is committed at the end or rolled back on any error.

        If the server stops responding to a statement, or to the commit, the connection is closed (see `Watchdog`).
        """
        with (
            self._transactions.connect() as connection,
            self._watchdog.guard(connection.connection.dbapi_connection) as guard,
        ):
            _watch_statements(connection, guard, self._watchdog.seconds)
            with connection.begin():
                yield connection

    @contextmanager
    def session(self) -> "Iterator[Session]":
        """Yield an ORM session in a transaction, which is committed at the end or rolled back on any error."""
        from sqlalchemy.orm import Session  # not needed by processes that serve phones only

        with self.transaction() as connection, Session(connection, expire_on_commit=False) as session:
            yield session
            session.flush()

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
    connection.info[_STATEMENT_SECONDS] = seconds + _MARGIN_SECONDS


def _watch_statements(connection: Connection, guard: Guard, seconds: float) -> None:
    """Set the deadline of each response in a transaction, and that of each pause."""

    def expect_response(*_: object) -> None:
        guard.allow(connection.info.get(_STATEMENT_SECONDS, seconds))

    connection.info.pop(_STATEMENT_SECONDS, None)  # of an earlier transaction of the same session
    event.listen(connection, "before_cursor_execute", expect_response)
    event.listen(connection, "after_cursor_execute", lambda *_: guard.allow(PAUSE_SECONDS))
    for ending in ("commit", "rollback"):
        event.listen(connection, ending, lambda *_: guard.allow(seconds))

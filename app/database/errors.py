"""What an error of a server means: an outage, or a row that a constraint refused; and how to name it in one line."""

from typing import Final
from urllib.parse import urlsplit

from redis.exceptions import RedisError
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from app.config import CommonSettings
from app.database.stale_connections import READ_ONLY

# SQLSTATEs, or their classes, that are caused by the server and not by the statement (PostgreSQL's manual, appendix A).
# Class 58, system errors, is not listed: it may concern the file of a single table.
_OUTAGES: Final = (
    "08",  # connection exceptions
    READ_ONLY,
    "25P03",  # terminated while idle in a transaction
    "40",  # rolled back because of other transactions: deadlocks, serialization failures
    "53",  # insufficient resources: connections, disk, memory
    "55P03",  # lock not available in time
    "57",  # operator intervention: shutting down, starting, statement cancelled
)

# SQLSTATEs of a statement that names a table or a column which does not exist.
TABLE_MISSING: Final = "42P01"
NOT_PERMITTED: Final = "42501"
_SCHEMA_DIFFERS: Final = (TABLE_MISSING, "42703")


def sqlstate(error: DBAPIError) -> str | None:
    """Return the SQLSTATE of an error, or None if it comes from the client library."""
    state: str | None = getattr(error.orig, "pgcode", None)
    return state


def violated_constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that refused a row, or an empty text."""
    diagnostics = getattr(error.orig, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def is_violation_of(error: DBAPIError, table: str) -> bool:
    """Return whether a constraint of the table refused a row. The server reports the table's name separately (D9)."""
    diagnostics = getattr(error.orig, "diag", None)
    return isinstance(error, IntegrityError) and getattr(diagnostics, "table_name", None) == table


def is_outage(error: DBAPIError) -> bool:
    """Return whether the database itself failed (unreachable, refusing, too slow), rather than the statement.

    An error without a SQLSTATE comes from the client library, which could not reach the server or lost it.
    """
    state = sqlstate(error)
    if error.connection_invalidated or state is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return state.startswith(_OUTAGES)


def is_fault_of_setup(error: DBAPIError) -> bool:
    """Return whether the schema or the rights of the role are wrong, so that a repetition fails in the same way."""
    return sqlstate(error) in {*_SCHEMA_DIFFERS, NOT_PERMITTED, READ_ONLY}


def describe_failure(error: DBAPIError | RedisError, settings: CommonSettings) -> str:
    """Return one line that names the server, without its password, and what is wrong with it."""
    if isinstance(error, RedisError):
        return f"Redis at {redis_place(settings)} cannot be used: {_first_line(str(error))}"
    place, state = database_place(settings), sqlstate(error)
    if state in _SCHEMA_DIFFERS:
        return f"PostgreSQL at {place} lacks a table or column of this version: run flask --app app db upgrade"
    if state == NOT_PERMITTED:
        return f"PostgreSQL at {place} does not permit this to the role of DATABASE_URL"
    if state == READ_ONLY:
        return f"PostgreSQL at {place} is a standby, or permits the role of DATABASE_URL only to read"
    if state is not None:  # the text of an error of a statement may hold a row
        return f"PostgreSQL at {place} failed with SQLSTATE {state}"
    reason = _first_line(str(error.orig)).rpartition("failed: ")[2] or "the connection was lost"
    return f"PostgreSQL at {place} cannot be used: {reason}"


def database_place(settings: CommonSettings) -> str:
    """Return `host:port` of PostgreSQL."""
    url = make_url(settings.database_url)
    host, port = url.query.get("host", url.host), url.query.get("port", url.port)
    return f"{host or 'the local socket'}:{port or 5432}"


def redis_place(settings: CommonSettings) -> str:
    """Return `host:port` of Redis, or the path of its socket."""
    parts = urlsplit(settings.redis_url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname or 'localhost'}:{parts.port or 6379}"


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0].strip()

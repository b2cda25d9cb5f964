"""What a database error means: an outage, or a row that a constraint refused."""

from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

# SQLSTATEs, or their classes, that are caused by the server and not by the statement (PostgreSQL's manual, appendix A).
# Class 58, system errors, is not listed: it may concern the file of a single table.
_OUTAGES: Final = (
    "08",  # connection exceptions
    "25006",  # read-only transaction, as on a standby
    "25P03",  # terminated while idle in a transaction
    "40",  # rolled back because of other transactions: deadlocks, serialization failures
    "53",  # insufficient resources: connections, disk, memory
    "55P03",  # lock not available in time
    "57",  # operator intervention: shutting down, starting, statement cancelled
)


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
    state = getattr(error.orig, "pgcode", None)
    if error.connection_invalidated or state is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return str(state).startswith(_OUTAGES)

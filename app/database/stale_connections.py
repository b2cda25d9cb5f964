"""Pooled connections that the server has closed, that were left in a transaction, or that lead to a standby.

A restart of PostgreSQL, a failover, or a proxy with an idle timeout closes every connection in the pools. Without this
check, each of them would fail one request before it is replaced.

After a failover the name of the server may lead to the old primary for some seconds more. Connections that are opened
meanwhile refuse every write, and stay open: one refusal discards them all, so that the name is resolved again.
"""

import select
from typing import Any, Final

from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError

READ_ONLY: Final = "25006"  # SQLSTATE of a write in a read-only transaction, as on a standby


def discard_closed_connections(engine: Engine) -> None:
    """Let the engine's pool replace connections that are closed, out of step, in a transaction, or lead to a standby.

    The socket is checked, not the server, so it costs microseconds. A server that disappeared without closing its
    connections (a power failure) is detected by the next statement's timeout.
    """
    event.listen(engine, "checkout", _refuse_closed)
    event.listen(engine, "handle_error", _leave_standby)


def _refuse_closed(connection: Any, _record: object, _checked_out: object) -> None:
    """Raise DisconnectionError, on which the pool reconnects, if there is unread data, or a transaction has begun.

    Between two statements a server sends nothing. Readable data is the end of the connection or an unsolicited message.
    In a transaction that was left open, or with a driver that begins one, what follows would never be committed.
    """
    if connection.closed or _is_readable(connection.fileno()):
        raise DisconnectionError("closed by the server")
    if not connection.autocommit or connection.get_transaction_status() != TRANSACTION_STATUS_IDLE:
        raise DisconnectionError("left in a transaction")


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()  # select() does not support descriptors above 1023
    poll.register(descriptor, select.POLLIN)  # hang-ups and errors are always reported
    return bool(poll.poll(0))


def _leave_standby(context: ExceptionContext) -> None:
    """Let the pool discard all connections after a refused write."""
    if getattr(context.original_exception, "pgcode", None) == READ_ONLY:
        context.is_disconnect = True

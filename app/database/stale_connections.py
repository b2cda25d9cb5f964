"""Connections that the server has closed while nobody used them.

A restart of PostgreSQL, a failover, or a proxy that ends what is idle closes every connection in the pools. Each would
answer one request with an error before it is replaced.
"""

import select
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError


def replace_hung_up(engine: Engine) -> None:
    """Let the engine's pools replace, without a word, connections that have been closed or are out of step.

    It asks the socket, not the server, so it costs microseconds. A server that went away without closing (its machine
    lost power) is found by the statement that waits for it, as before.
    """
    event.listen(engine, "checkout", _refuse_hung_up)


def _refuse_hung_up(connection: Any, _record: object, _lent: object) -> None:
    """Raise DisconnectionError, which lets the pool connect anew, where there is something to read.

    Between two statements a server says nothing. What can be read is its end, or words that nobody asked for.
    """
    if connection.closed or _is_readable(connection.fileno()):
        raise DisconnectionError("closed by the server")


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()  # select() takes no number above 1023
    poll.register(descriptor, select.POLLIN)  # ends and errors are told without being asked for
    return bool(poll.poll(0))

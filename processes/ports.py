"""TCP ports of 127.0.0.1 for the embedded servers."""

import atexit
import random
import socket
from collections import deque

from processes.errors import ProcessError

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes the ports of outgoing connections (32768 to 60999). Inside it, a client that
# tries to reconnect to a server that is down can be given the server's own port, and the server could not come back.
_FIRST_PORT = 20_000
_LAST_PORT = 32_000
_ATTEMPTS = 100


# Sockets that are bound to reserved ports.
_reservations: deque[socket.socket] = deque()
# Each is a file descriptor of this process. Long before so many others are reserved, a server has started or failed.
_MOST_RESERVATIONS = 64


def free_port() -> int:
    """Return a port that is free at this moment and not reserved.

    Raises ProcessError when none of a hundred candidates is free.
    """
    with _bound_socket() as probe:
        return int(probe.getsockname()[1])


def reserve_port() -> int:
    """Return a free port that no other call returns for now, in whatever process.

    Two callers could be given the same port, the second just before the server of the first listens there. Servers
    that set SO_REUSEPORT, as granian does, would then share it, and each get some of the requests of the other. A
    server that sets neither this option nor SO_REUSEADDR cannot use a reserved port. Raises ProcessError as `free_port`
    does.
    """
    reservation = _bound_socket()
    # Only now: a socket without these options cannot be bound to the port of one that had none when it was bound.
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        reservation.setsockopt(socket.SOL_SOCKET, option, 1)
    _reservations.append(reservation)
    _release(_MOST_RESERVATIONS)
    return int(reservation.getsockname()[1])


def _bound_socket() -> socket.socket:
    for _ in range(_ATTEMPTS):
        candidate = socket.socket()
        try:
            candidate.bind((LOOPBACK, random.randint(_FIRST_PORT, _LAST_PORT)))  # noqa: S311 - no secret
        except OSError:
            candidate.close()
        else:
            return candidate
    raise ProcessError(f"No free TCP port between {_FIRST_PORT} and {_LAST_PORT} on {LOOPBACK}.")


@atexit.register
def _release(most: int = 0) -> None:
    """End the oldest reservations, until there are at most so many."""
    while len(_reservations) > most:
        _reservations.popleft().close()


def can_bind(host: str, port: int) -> bool:
    """Return whether a server could listen on `host` and `port` now."""
    try:
        try_bind(host, port)
    except OSError:
        return False
    return True


def try_bind(host: str, port: int) -> None:
    """Raise OSError with the reason why no server could listen on `host` and `port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As gunicorn, PostgreSQL and Redis do: connections of an earlier run in TIME_WAIT must not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))

"""TCP ports of 127.0.0.1 for the embedded servers."""

import random
import socket

from processes.errors import ProcessError

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes the ports of outgoing connections (32768 to 60999). Inside it, a client that
# tries to reconnect to a server that is down can be given the server's own port, and the server could not come back.
_FIRST_PORT = 20_000
_LAST_PORT = 32_000
_ATTEMPTS = 100


def free_port() -> int:
    """Return a port that is free at this moment.

    Raises ProcessError when none of a hundred candidates is free.
    """
    for _ in range(_ATTEMPTS):
        port = random.randint(_FIRST_PORT, _LAST_PORT)  # noqa: S311 - no secret
        if can_bind(LOOPBACK, port):
            return port
    raise ProcessError(f"No free TCP port between {_FIRST_PORT} and {_LAST_PORT} on {LOOPBACK}.")


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

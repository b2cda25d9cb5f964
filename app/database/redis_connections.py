"""Connections to Redis: with a limit on every wait, and replaced when the server cannot do its work.

After a failover the old primary becomes a replica and keeps its connections open. Each command on such a connection
fails until the client resolves the address and connects again, so an error that concerns the server and not the
command discards the connection.
"""

import functools
import socket
from typing import Any, Final

from redis import Connection, ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

# Codes of errors that concern the server: it is a replica, was demoted during a blocking command, has lost its primary
# or its replicas, is loading its data, or cannot save.
_SERVER_ERRORS: Final = frozenset(
    {"READONLY", "UNBLOCKED", "MASTERDOWN", "NOREPLICAS", "LOADING", "MISCONF", "CLUSTERDOWN", "MOVED"}
)
_CONNECT_SECONDS: Final = 5.0
# A connection without traffic for 20 seconds is probed, and closed 15 seconds later if the probes are not acknowledged.
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}

_PROBE_KEY: Final = "writable"
_PROBE_LIFETIME_SECONDS: Final = 10


def redis_client(url: str, response_seconds: float = 5.0, *, retries: int = 1) -> Redis:
    """Return a client that waits `response_seconds` for each response, and connects when it is first used."""
    return Redis(connection_pool=redis_pool(url, response_seconds, retries))


def redis_pool(url: str, response_seconds: float, retries: int) -> ConnectionPool:
    """Return a pool of connections. A command is repeated `retries` times, on a new connection, if one is lost."""
    pool = ConnectionPool.from_url(
        url,
        socket_timeout=response_seconds,
        socket_connect_timeout=min(response_seconds, _CONNECT_SECONDS),
        retry=Retry(NoBackoff(), retries),
        **_tcp_options(url),
    )
    pool.connection_class = _replaceable(pool.connection_class)
    return pool


def check_writable(redis: Redis) -> None:
    """Raise RedisError if Redis does not respond, or refuses to store a few bytes: read-only, full, failing disk."""
    redis.set(_PROBE_KEY, 1, ex=_PROBE_LIFETIME_SECONDS)


def _tcp_options(url: str) -> dict[str, Any]:
    if url.startswith("unix:"):
        return {}
    options = {getattr(socket, name): seconds for name, seconds in _KEEPALIVE.items() if hasattr(socket, name)}
    return {"socket_keepalive": True, "socket_keepalive_options": options}


@functools.cache
def _replaceable(base: type[Connection]) -> type[Connection]:
    """Return a subclass of a connection class whose connections are replaced after an error of the server."""

    class ReplaceableConnection(base):  # type: ignore[misc, valid-type]
        def read_response(self, *arguments: Any, **options: Any) -> Any:
            try:
                return super().read_response(*arguments, **options)
            except RedisError as error:
                if _code(error) in _SERVER_ERRORS:
                    # When it returns to its pool, not now: the rest of a pipeline's responses must still be read.
                    self.mark_for_reconnect()
                raise

    return ReplaceableConnection


def _code(error: RedisError) -> str:
    """Return the first word of Redis' error message, which is its code."""
    return getattr(error, "status_code", None) or str(error).partition(" ")[0]

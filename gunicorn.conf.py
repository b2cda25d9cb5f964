"""How gunicorn runs the web process. Every value comes from the environment or is the same everywhere."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Any

_SUBMISSION_PORT = "8000"
_DEFAULT_PORT = "8001"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes its files there with unguessable names

# As the application reads its settings: without surrounding white space.
_default_port = _SUBMISSION_PORT if os.environ.get("SURFACES", "").strip() == "submission" else _DEFAULT_PORT
_port = os.environ.get("PORT", "").strip() or _default_port
_is_behind_proxies = os.environ.get("TRUSTED_PROXIES", "").strip().strip("0") != ""

# Containers and platforms reach the process over their own network, and choose only the port.
bind = os.environ.get("BIND_ADDR", "").strip() or f"0.0.0.0:{_port}"

# Requests mostly wait for PostgreSQL, so threads serve them well. Each holds one connection of DATABASE_POOL_SIZE at a
# time, and the one that builds an archive up to three: docs/operations.md has the rule.
worker_class = "app.web.serving.WaitingThreads"
workers = int(os.environ.get("WEB_CONCURRENCY", "").strip() or "2")
threads = 8

# Connections of a worker: with those to PostgreSQL, fewer than the 1,024 files that a process may usually open.
worker_connections = 900

# Each worker opens its own connections: those of a parent must not be shared.
preload_app = False

# Seconds. A worker that does not report for this long is replaced.
timeout = 30
# Below the 30 seconds that platforms wait between SIGTERM and SIGKILL.
graceful_timeout = 25
# Above the 60 seconds after which load balancers close idle connections: the one who closes must be the balancer,
# or it would at times send a request into a connection that is just going.
keepalive = 75

# The longest address of the protocol has 100 characters; proxies and content networks add header fields.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# Whom to believe about https. Proxies have no fixed addresses, but where there are some, nobody else connects.
forwarded_allow_ips = "*" if _is_behind_proxies else ""
# Header fields never change what is requested.
forwarder_headers = ""

# The workers' heartbeat is a file; on a disk that is busy they would look dead.
worker_tmp_dir = str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None

# No second way in: the service is controlled with signals.
control_socket_disable = True

# The application writes its own log of requests, without addresses.
accesslog = None


def on_starting(server: Any) -> None:
    """Say in one line which setting is wrong, before workers start that would each say it in a traceback."""
    if not server.app.app_uri.startswith("app:"):
        return
    from app.config import ConfigurationError, Settings

    try:
        Settings.from_environment(os.environ)
    except ConfigurationError as error:
        sys.exit(str(error))


# How long the old workers go on at the most when their successors do not start.
_SECONDS_TO_START = 20


def on_reload(server: Any) -> None:
    """On SIGHUP, let the old workers serve until the new ones can.

    Gunicorn starts the new ones and stops the old at once, so that for as long as an application takes to start,
    seconds on a busy machine, every client waits.
    """
    ready, server.successor_is_ready = os.pipe()

    def manage_workers() -> None:
        del server.manage_workers  # this was once in the place of gunicorn's own
        deadline = time.monotonic() + _SECONDS_TO_START
        missing = server.num_workers
        while missing > 0 and select([ready], [], [], max(0, deadline - time.monotonic()))[0]:
            missing -= len(os.read(ready, missing))
        os.close(ready)
        os.close(server.successor_is_ready)
        del server.successor_is_ready
        server.manage_workers()

    server.manage_workers = manage_workers


def post_fork(server: Any, worker: Any) -> None:
    """Take over, as a successor, the end of the pipe on which to say so."""
    worker.successor_is_ready = getattr(server, "successor_is_ready", None)


def post_worker_init(worker: Any) -> None:
    """Say that this successor can serve."""
    if worker.successor_is_ready is not None:
        with suppress(OSError):  # it took so long that nobody waits any more
            os.write(worker.successor_is_ready, b"1")
        os.close(worker.successor_is_ready)

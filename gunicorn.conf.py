"""How gunicorn runs the web process when WEB_SERVER chooses it. Every value comes from the environment or is fixed."""

import logging
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from app.measuring.folder import prepare_folder, remove_folder
from app.web.listening import listening_address, open_files_for, web_number
from app.web.logs import init_logging

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes its files there with unguessable names

_is_behind_proxies = os.environ.get("TRUSTED_PROXIES", "").strip().strip("0") != ""

try:
    _host, _port = listening_address(os.environ)
    workers, threads = web_number("WEB_CONCURRENCY"), web_number("WEB_THREADS")
    graceful_timeout = web_number("WEB_GRACEFUL_SECONDS")
except ValueError as error:
    sys.exit(str(error))
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"

# Requests mostly wait for PostgreSQL, so threads serve them well. A thread also waits for a client that has begun to
# send: a proxy that buffers whole requests and answers must be in front.
worker_class = "gthread"

# Of one worker. One that cannot open a file for a connection ends, so there are never as many as files.
worker_connections = open_files_for(900)

# Each worker opens its own connections: those of a parent must not be shared.
preload_app = False

# Seconds. A worker that does not report for this long is replaced.
timeout = 30
# Above the 60 to 90 seconds after which proxies close idle connections: the proxy must be the one that closes, or it
# would at times send a request into a connection that is just being closed.
keepalive = 95

# The longest address of the protocol has 100 characters; proxies and content networks add header fields.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# Which peers to believe about https. Proxies have no fixed addresses, but where there are some, only they connect.
forwarded_allow_ips = "*" if _is_behind_proxies else ""
# Header fields never change what is requested.
forwarder_headers = ""

# The workers' heartbeat is a file; on a disk that is busy they would look dead.
worker_tmp_dir = str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None

# The service is controlled with signals alone.
control_socket_disable = True

# The application logs requests, without addresses. Below `error`, gunicorn's own lines quote malformed requests.
accesslog = None
loglevel = "error"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": []},
    "loggers": {
        "gunicorn.error": {"level": "ERROR", "handlers": [], "propagate": True, "qualname": "gunicorn.error"},
        "gunicorn.access": {"level": "ERROR", "handlers": [], "propagate": True, "qualname": "gunicorn.access"},
    },
}


def post_fork(_server: Any, _worker: Any) -> None:
    """Let the worker load the code that is there now: what the first process has loaded may be of an older release."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    from app.measuring.folder import join_folder

    join_folder()


def post_worker_init(worker: Any) -> None:
    """Begin to flush what the worker counts."""
    if hasattr(worker.wsgi, "context"):
        from app.measuring.web import start_measuring

        start_measuring(worker.wsgi.context)


def on_starting(server: Any) -> None:
    """Exit with one line when a setting is wrong, and warn when clients would reach the threads directly."""
    init_logging()
    # Kept by the server: when it is reloaded, this module is loaded again, and its variables are lost.
    server.metrics_folder = prepare_folder()
    if not server.app.app_uri.startswith("app:"):
        return
    from app.config import ConfigurationError, Settings

    try:
        settings = Settings.from_environment(os.environ)
    except ConfigurationError as error:
        sys.exit(str(error))
    if settings.env == "production" and settings.trusted_proxies == 0:
        logging.getLogger("web").warning("gunicorn without a buffering proxy: slow clients can block every thread")


def on_exit(server: Any) -> None:
    """Remove the folder in which the workers shared what they counted."""
    remove_folder(server.metrics_folder)

"""Start granian, the web server: `python -m app.web.server`, which `bin/web` runs."""

import multiprocessing
import os
import sys
from typing import Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from app.config import ConfigurationError, Settings
from app.measuring.folder import shared_folder
from app.web.listening import listening_address, open_files_for, web_number
from app.web.logs import init_logging

# Of one worker process. A connection occupies the event loop, not a thread, and costs some kilobytes.
_CONNECTIONS: Final = 4096

# How long a client may take to send a request's header, and a kept connection may be idle: above the 60 to 90 seconds
# after which load balancers close idle connections. The balancer must be the one that closes, or it would at times send
# a request into a connection that is just being closed.
_IDLE_MILLISECONDS: Final = 95_000
# The longest path of the protocol has 100 characters; proxies and content delivery networks add header fields.
_HEADER_BYTES: Final = 32_768

# On SIGHUP each worker ends this long after its successor has started, which takes a second or two to begin serving.
_HANDOVER_SECONDS: Final = 10.0


def main() -> None:
    """Serve until SIGTERM. Exit with one line that names the setting if one is missing or malformed."""
    init_logging()
    # A forked worker would use the modules of this process, which may belong to an older release.
    multiprocessing.set_start_method("spawn")
    try:
        Settings.from_environment(os.environ)
        host, port = listening_address(os.environ)
        workers, seconds = web_number("WEB_CONCURRENCY"), web_number("WEB_GRACEFUL_SECONDS")
        web_number("WEB_THREADS")  # which the workers read
    except (ConfigurationError, ValueError) as error:
        sys.exit(str(error))
    with shared_folder():
        _serve(host, port, workers, seconds)


def _serve(host: str, port: int, workers: int, graceful_seconds: int) -> None:
    Granian(
        "app.web.server_worker:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        backpressure=open_files_for(_CONNECTIONS),
        http1_settings=HTTP1Settings(header_read_timeout=_IDLE_MILLISECONDS, max_buffer_size=_HEADER_BYTES),
        respawn_failed_workers=True,
        respawn_interval=_HANDOVER_SECONDS,
        workers_kill_timeout=graceful_seconds,
        # Its log lines go to the root logger, and contain nothing of a request.
        log_level=LogLevels.warning,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}},
    ).serve()


if __name__ == "__main__":
    main()

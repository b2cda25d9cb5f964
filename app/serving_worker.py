"""A worker process of granian's. Only this module loads the application, so the first process stays small."""

import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time

from app import create_app
from app.asgi import AsgiApplication
from app.config import Settings
from app.serving import graceful_seconds, threads


def application() -> AsgiApplication:
    """Return the application of a worker process, which ends when the process that started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="parent", daemon=True).start()
    app = create_app()
    atexit.register(_exit_at_once)
    settings: Settings = app.extensions["settings"]
    return AsgiApplication(
        app.wsgi_app,
        app.extensions.get("hot_path"),
        threads=threads(),
        max_body_bytes=settings.max_upload_body_bytes,
        is_behind_proxies=settings.trusted_proxies > 0,
    )


def _exit_at_once() -> None:
    """End the process without taking the interpreter apart, during which granian's threads would abort it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_after(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(graceful_seconds())
    os._exit(1)

"""A worker process of granian. Only this module loads the application, so the supervising process stays small."""

import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time

from app import create_app
from app.config import PORTAL, SHARING, SUBMISSION, Settings
from app.domain.limits import MAX_CODE_STATUS_BODY_BYTES
from app.domain.sharing import max_body_bytes
from app.measuring.folder import join_folder
from app.measuring.web import start_measuring
from app.web.asgi import AsgiApplication
from app.web.listening import web_number

# More than any route of retrieval reads.
_RETRIEVAL_BODY_BYTES = 1024
_PORTAL_BODY_BYTES = 65_536  # a form


def application() -> AsgiApplication:
    """Return the application of a worker process, which ends when its parent process ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="parent", daemon=True).start()
    join_folder()
    app = create_app()
    atexit.register(_exit_at_once)
    start_measuring(app.context)  # after the line above: what is registered last is called first
    context = app.context
    settings = context.settings
    return AsgiApplication(
        app.wsgi_app,
        context.retrieval.fast_path.respond if context.served_retrieval else None,
        threads=web_number("WEB_THREADS"),
        max_body_bytes=_max_body_bytes(settings),
        is_behind_proxies=settings.trusted_proxies > 0,
        count_refusal=context.instruments.count_refusal,
    )


def _max_body_bytes(settings: Settings) -> int:
    """Return the most that a route of the process reads."""
    sizes = [_RETRIEVAL_BODY_BYTES]
    if settings.serves(SUBMISSION):
        sizes += [settings.submission.max_upload_body_bytes, MAX_CODE_STATUS_BODY_BYTES]
    if settings.serves(PORTAL):
        sizes.append(_PORTAL_BODY_BYTES)
    if settings.serves(SHARING):
        sizes.append(max_body_bytes())
    return max(sizes)


def _exit_at_once() -> None:
    """End the process without finalizing the interpreter, during which granian's threads would abort it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_after(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(web_number("WEB_GRACEFUL_SECONDS"))
    os._exit(1)

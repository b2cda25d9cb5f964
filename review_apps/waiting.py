"""Work on apps in the background, and waiting for it."""

from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillRunningError
from typing import Final

import psycopg2

from processes.errors import ProcessError
from review_apps.errors import ReviewAppError

FAILURES: Final = (ReviewAppError, ProcessError, psycopg2.Error, OSError)


def wait(working: "Future[None]", seconds: float) -> bool:
    """Return whether something was done within a time. Raises what it raised."""
    try:
        working.result(seconds)
    except StillRunningError:
        return False
    return True

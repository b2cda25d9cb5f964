"""How a job fails: with its type and place in the log, and without the text of the error.

RQ writes the whole traceback of a failed job to the log, and keeps it in Redis. A database error's text holds the row
that it is about.
"""

import functools
import logging
from collections.abc import Callable

_logger = logging.getLogger(__name__)


class JobFailed(Exception):  # noqa: N818 - the name says it
    """A job failed; the log says where."""


def reports_failure(job: Callable[[], None]) -> Callable[[], None]:
    """Let RQ see of a job's error only that there was one."""

    @functools.wraps(job)
    def run() -> None:
        try:
            job()
        except Exception:
            _logger.exception("job failed", extra={"job": job.__name__})
        else:
            return
        raise JobFailed(job.__name__)  # outside of the handler, so that the error is not its context

    return run

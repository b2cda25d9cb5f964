"""Failures of jobs: the log has an error's type and place, but not its text.

RQ logs the traceback of a failed job and stores it in Redis. The text of a database error contains the row.
"""

import functools
import logging
from collections.abc import Callable

from app.domain.errors import JobFailedError

_logger = logging.getLogger(__name__)


def reports_failure(job: Callable[[], None]) -> Callable[[], None]:
    """Hide the error of a job from RQ, which learns only that it failed."""

    @functools.wraps(job)
    def run() -> None:
        try:
            job()
        except Exception:
            _logger.exception("job failed", extra={"job": job.__name__})
        else:
            return
        raise JobFailedError(job.__name__)  # outside the handler, so that the error is not its context

    return run

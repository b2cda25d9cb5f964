"""Failures of jobs: the log has an error's type and place, but not its text.

RQ logs the traceback of a failed job and stores it in Redis. The text of a database error contains the row.
"""

import functools
import logging
from collections.abc import Callable

from app.domain.errors import JobFailedError

_logger = logging.getLogger(__name__)


def reports_failure(job: Callable[[], None]) -> Callable[[], None]:
    """Hide the error of a job from RQ, which learns only that it failed. Its name is that of its module."""
    name = job.__module__.rpartition(".")[2].replace("_", "-")

    @functools.wraps(job)
    def run() -> None:
        try:
            job()
        except Exception:
            _logger.exception("job failed", extra={"job": name})
        else:
            return
        raise JobFailedError(name)  # outside the handler, so that the error is not its context

    return run

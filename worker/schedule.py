"""The one table of periodic jobs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.config import Settings

QUEUE: Final = "exposure-alert"


@dataclass(frozen=True)
class PeriodicJob:
    """A job by its dotted name, and how many seconds lie between two of its runs.

    A run that no worker has started by the time of the next is dropped, so a stopped worker leaves no backlog.
    """

    name: str
    function: str
    interval: Callable[[Settings], int]


PERIODIC_JOBS: Final = (
    PeriodicJob("purge", "worker.jobs.purge.purge", lambda settings: settings.worker_expiration_interval),
    PeriodicJob("fold-counters", "worker.jobs.fold_counters.fold_counters", lambda _: 60),
)

"""The one table of periodic jobs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.config import RETRIEVAL, SUBMISSION, Settings

NEVER: Final = 0


@dataclass(frozen=True)
class PeriodicJob:
    """A job by its dotted name, the surface whose secrets it needs, and the seconds between two of its runs (or NEVER).

    A run that no worker has started by the time of the next is dropped, so a stopped worker leaves no backlog.
    """

    name: str
    function: str
    surface: str
    interval: Callable[[Settings], int]


def archives_interval(settings: Settings) -> int:
    """Return a third of the age that archives may have, so that one is renewed twice before it is too old."""
    return max(1, settings.export_max_age_seconds // 3) if settings.export_max_age_seconds else NEVER


def padding_interval(settings: Settings) -> int:
    """Return a minute, where archives are to have a minimum of keys."""
    return 60 if settings.export_minimum_keys else NEVER


PERIODIC_JOBS: Final = (
    PeriodicJob("purge", "worker.jobs.purge.purge", SUBMISSION, lambda settings: settings.worker_expiration_interval),
    PeriodicJob("refresh-archives", "worker.jobs.refresh_archives.refresh_archives", RETRIEVAL, archives_interval),
    PeriodicJob("fold-counters", "worker.jobs.fold_counters.fold_counters", SUBMISSION, lambda _: 60),
    PeriodicJob("pad-archives", "worker.jobs.pad_archives.pad_archives", RETRIEVAL, padding_interval),
    PeriodicJob("report-wrong-codes", "worker.jobs.report_wrong_codes.report_wrong_codes", SUBMISSION, lambda _: 60),
)

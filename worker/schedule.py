"""The table of periodic jobs, and which of them are due.

Time is divided into slots of a job's interval; a job runs once in each.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from app.config import PORTAL, RETRIEVAL, SHARING, STATUS, SUBMISSION, Settings
from app.upkeep.queues import run_identifier

NEVER: Final = 0


@dataclass(frozen=True)
class PeriodicJob:
    """A job: its dotted name, the surface whose secrets it requires, and its interval in seconds (or NEVER).

    A run that has not started by the time of the next one is dropped, so a stopped worker leaves no backlog.
    """

    name: str
    function: str
    surface: str
    interval: Callable[[Settings], int]


def archives_interval(settings: Settings) -> int:
    """Return a third of the maximum age of archives, so that each is refreshed twice before it expires."""
    return (
        max(1, settings.retrieval.export_max_age_seconds // 3) if settings.retrieval.export_max_age_seconds else NEVER
    )


def downloads_interval(settings: Settings) -> int:
    """Return the interval of building archives if they are also stored for a CDN, else NEVER."""
    return archives_interval(settings) if settings.retrieval.download_files else NEVER


def padding_interval(settings: Settings) -> int:
    """Return one minute if there are batches to be padded, else NEVER."""
    return 60 if settings.release_period_hours and settings.retrieval.release_minimum_uploads else NEVER


def digest_interval(settings: Settings) -> int:
    """Return five minutes if a digest is sent, so that one that failed is soon tried again, else NEVER."""
    return 5 * 60 if settings.status.digest_emails else NEVER


PERIODIC_JOBS: Final = (
    PeriodicJob(
        "purge", "worker.jobs.purge.purge", SUBMISSION, lambda settings: settings.submission.worker_expiration_interval
    ),
    PeriodicJob("refresh-archives", "worker.jobs.refresh_archives.refresh_archives", RETRIEVAL, archives_interval),
    PeriodicJob("publish-downloads", "worker.jobs.publish_downloads.publish", RETRIEVAL, downloads_interval),
    PeriodicJob("roll-up-counters", "worker.jobs.roll_up_counters.roll_up_counters", SUBMISSION, lambda _: 60),
    PeriodicJob("mix-stored-rows", "worker.jobs.mix_stored_rows.mix_stored_rows", SUBMISSION, lambda _: 15 * 60),
    PeriodicJob("pad-batch", "worker.jobs.pad_batch.pad_batch", RETRIEVAL, padding_interval),
    PeriodicJob(
        "report-failed-claims", "worker.jobs.report_failed_claims.report_failed_claims", SUBMISSION, lambda _: 60
    ),
    # The portal also adds this job when it stores a message.
    PeriodicJob("send-mail", "worker.jobs.send_mail.send_mail", PORTAL, lambda _: 60),
    PeriodicJob("purge-portal", "worker.jobs.purge_portal.purge_portal", PORTAL, lambda _: 60),
    PeriodicJob("log-audit-head", "worker.jobs.log_audit_head.log_audit_head", PORTAL, lambda _: 60 * 60),
    PeriodicJob("purge-sharing", "worker.jobs.purge_sharing.purge_sharing", SHARING, lambda _: 60),
    # Twice a minute, so that a minute is folded half a minute after its end.
    PeriodicJob("fold-minutes", "worker.jobs.fold_minutes.fold_minutes", STATUS, lambda _: 30),
    PeriodicJob("publish-status", "worker.jobs.publish_status.publish_status", STATUS, lambda _: 60),
    # Levels of codes and keys, which only submission can read, for alarms that are evaluated elsewhere.
    PeriodicJob(
        "record-figure-levels", "worker.jobs.record_figure_levels.record_figure_levels", SUBMISSION, lambda _: 5 * 60
    ),
    PeriodicJob(
        "compute-daily-figures", "worker.jobs.compute_daily_figures.compute_daily_figures", STATUS, lambda _: 60 * 60
    ),
    PeriodicJob("send-digest", "worker.jobs.send_digest.send_digest", STATUS, digest_interval),
)


@dataclass(frozen=True)
class Run:
    """A run of a job: its slot, and the job's interval in seconds."""

    job: PeriodicJob
    slot: int
    interval: int

    @property
    def identifier(self) -> str:
        """The name and the start of the slot, the same in every process."""
        return run_identifier(self.job.name, self.slot * self.interval)


class Slots:
    """Remembers in which slots a process has done the jobs of its surfaces."""

    def __init__(self, settings: Settings, jobs: Iterable[PeriodicJob] = PERIODIC_JOBS) -> None:
        self._settings = settings
        self._jobs = tuple(job for job in jobs if job.surface in settings.surfaces)
        self._done: dict[str, int] = {}

    def due(self, unix_seconds: float) -> Iterator[Run]:
        """Yield the runs whose slot is new. A run is yielded again until `mark_done` is called."""
        for job in self._jobs:
            interval = job.interval(self._settings)
            if interval == NEVER:
                continue
            run = Run(job, int(unix_seconds) // interval, interval)
            if self._done.get(job.name) != run.slot:
                yield run

    def next_slot(self, unix_seconds: float) -> float:
        """Return when the next slot of any job begins; infinity without jobs."""
        intervals = (job.interval(self._settings) for job in self._jobs)
        return min(
            ((int(unix_seconds) // interval + 1) * interval for interval in intervals if interval != NEVER),
            default=math.inf,
        )

    def mark_done(self, run: Run) -> None:
        """Record that a run needs no further attempt."""
        self._done[run.job.name] = run.slot

"""The clock: enqueues each periodic job when it is due.

Time is divided into slots of a job's interval, and the identifier of a run is the job's name and slot. RQ refuses an
identifier that exists, so any number of clocks enqueue each run once.
"""

import logging
import time
from collections.abc import Iterable
from threading import Event
from typing import Final

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from app.config import Settings
from worker.schedule import NEVER, PERIODIC_JOBS, PeriodicJob

_logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 1.0
# A run that takes longer than this is stopped; the run of the next slot replaces it.
JOB_TIMEOUT_SECONDS: Final = 600


def queue_of(surface: str, redis: Redis) -> Queue:
    """Return the queue of a surface, so that a worker only receives jobs whose secrets it has.

    Jobs are serialized as JSON: unpickling data from Redis would execute it.
    """
    return Queue(f"exposure-alert-{surface}", connection=redis, serializer=JSONSerializer)


class Clock:
    """Remembers which slots it has enqueued, so that it contacts Redis only when a new one begins."""

    def __init__(self, redis: Redis, settings: Settings, jobs: Iterable[PeriodicJob] = PERIODIC_JOBS) -> None:
        self._queues = {surface: queue_of(surface, redis) for surface in settings.surfaces}
        self._settings = settings
        self._jobs = tuple(job for job in jobs if job.surface in settings.surfaces)
        self._enqueued: dict[str, int] = {}

    def tick(self, unix_seconds: float) -> list[str]:
        """Enqueue every job whose slot is new; return the identifiers of the runs. Raises RedisError."""
        enqueued = []
        for job in self._jobs:
            interval = job.interval(self._settings)
            if interval == NEVER:
                continue
            slot = int(unix_seconds) // interval
            if self._enqueued.get(job.name) == slot:
                continue
            run = f"{job.name}-{slot}"
            if self._enqueue(job, run, interval):
                enqueued.append(run)
            self._enqueued[job.name] = slot
        return enqueued

    def _enqueue(self, job: PeriodicJob, run: str, interval: int) -> bool:
        try:
            self._queues[job.surface].enqueue_call(
                job.function,
                timeout=JOB_TIMEOUT_SECONDS,
                job_id=run,
                unique=True,
                ttl=interval,
                result_ttl=2 * interval,  # keeps the identifier while a slower clock may still enqueue it
                failure_ttl=24 * 3600,
            )
        except DuplicateJobError:
            return False
        return True

    def run(self, stop: Event) -> None:
        """Tick until `stop` is set. While Redis is unavailable, log that and retry."""
        while not stop.is_set():
            try:
                self.tick(time.time())
            except RedisError:
                _logger.exception("Redis unreachable", extra={"role": "clock"})
            stop.wait(TICK_SECONDS)

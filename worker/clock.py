"""The clock: puts each periodic job into the queue when its time has come.

Time is cut into slots of a job's interval, and a run's identifier is its job's name and slot. RQ refuses an
identifier that it knows, so any number of clocks enqueue each run once.
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
# A run that takes longer than this is taken to hang and is stopped; the next slot's run takes its place.
JOB_TIMEOUT_SECONDS: Final = 600


def queue_of(surface: str, redis: Redis) -> Queue:
    """Return the queue of a surface's jobs, so that no worker takes one for which it lacks the secrets.

    Jobs are JSON: a pickle in a queue is a program in a queue.
    """
    return Queue(f"exposure-alert-{surface}", connection=redis, serializer=JSONSerializer)


class Clock:
    """Remembers which slots it has enqueued, so that it asks Redis only when a new one begins."""

    def __init__(self, redis: Redis, settings: Settings, jobs: Iterable[PeriodicJob] = PERIODIC_JOBS) -> None:
        self._queues = {surface: queue_of(surface, redis) for surface in settings.surfaces}
        self._settings = settings
        self._jobs = tuple(job for job in jobs if job.surface in settings.surfaces)
        self._enqueued: dict[str, int] = {}

    def tick(self, unix_seconds: float) -> list[str]:
        """Enqueue every job whose slot is new; return their run identifiers. Redis' faults are raised."""
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
                result_ttl=2 * interval,  # keeps the identifier known while a slower clock may still offer it
                failure_ttl=24 * 3600,
            )
        except DuplicateJobError:
            return False
        return True

    def run(self, stop: Event) -> None:
        """Tick until told to stop. Without Redis it says so and tries again."""
        while not stop.is_set():
            try:
                self.tick(time.time())
            except RedisError:
                _logger.exception("the clock cannot reach Redis")
            stop.wait(TICK_SECONDS)

"""The clock: enqueues each periodic job when it is due.

The identifier of a run is the job's name and slot (see `schedule`). RQ refuses an identifier that exists, so any number
of clocks enqueue each run once.
"""

import logging
import time
from collections.abc import Iterable
from typing import Final

from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import DuplicateJobError

from app.config import Settings
from app.upkeep.queues import queue_of
from worker.schedule import PERIODIC_JOBS, PeriodicJob, Run, Slots
from worker.stopping import Stop

_logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 1.0
_MARGIN_SECONDS: Final = 0.01
_LONGEST_WAIT_SECONDS: Final = 60.0
# A run that takes longer than this is stopped; the run of the next slot replaces it.
JOB_TIMEOUT_SECONDS: Final = 600
# How long a queue is kept to which no clock adds a run, because its surface is switched off. All runs have expired.
_QUEUE_SECONDS: Final = 2 * 3600


class Clock:
    """Remembers which slots it has enqueued, so that it contacts Redis only when a new one begins."""

    def __init__(self, redis: Redis, settings: Settings, jobs: Iterable[PeriodicJob] = PERIODIC_JOBS) -> None:
        self._redis = redis
        self._queues = {surface: queue_of(surface, redis) for surface in settings.surfaces}
        self._slots = Slots(settings, jobs)

    def tick(self, unix_seconds: float) -> list[str]:
        """Enqueue every job whose slot is new; return the identifiers of the runs. Raises RedisError."""
        enqueued = []
        for run in self._slots.due(unix_seconds):
            if self._enqueue(run):
                enqueued.append(run.identifier)
            self._slots.mark_done(run)
        return enqueued

    def _enqueue(self, run: Run) -> bool:
        queue = self._queues[run.job.surface]
        try:
            queue.enqueue_call(
                run.job.function,
                timeout=JOB_TIMEOUT_SECONDS,
                job_id=run.identifier,
                unique=True,
                ttl=run.interval,
                result_ttl=2 * run.interval,  # keeps the identifier while a slower clock may still enqueue it
                failure_ttl=2 * run.interval,  # no longer: kilobytes for each run fill a small Redis during an outage
            )
        except DuplicateJobError:
            return False
        self._redis.expire(queue.key, _QUEUE_SECONDS)
        return True

    def run(self, stop: Stop) -> None:
        """Tick whenever a slot begins, until `stop` is set. While Redis is unavailable, log that and retry."""
        while not stop.is_set():
            try:
                self.tick(time.time())
                seconds = self._slots.next_slot(time.time()) - time.time()
            except RedisError:
                _logger.exception("Redis unreachable", extra={"role": "clock"})
                seconds = RETRY_SECONDS
            # Not for longer than a minute, so that a clock of the host that was set is noticed.
            stop.wait(min(seconds + _MARGIN_SECONDS, _LONGEST_WAIT_SECONDS))

"""The process that runs jobs from Redis, one at a time."""

import logging
import os
import signal
from contextlib import suppress
from typing import Final

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import HerokuWorker
from rq.worker.base import SHUTDOWN_SIGNAL

from app.config import Settings
from worker.clock import queue_of
from worker.schedule import PERIODIC_JOBS

_logger = logging.getLogger(__name__)

STOPPED: Final = 0
FAILED: Final = 1

_FUNCTIONS: Final = frozenset(job.function for job in PERIODIC_JOBS)


class JobWorker(HerokuWorker):
    """Runs only jobs of the schedule, and records whether it was told to stop, which RQ does not expose.

    A job is the name of a function and its arguments. RQ calls anything that Python can import, so without this check
    a client with write access to Redis could execute code with all secrets of the worker.

    If Redis becomes unavailable while the worker waits for a job, it reconnects after 1, 2, 4 and then every
    `max_connection_wait_time` seconds. RQ's default of a minute would skip two purges.
    """

    max_connection_wait_time = 5.0
    was_told_to_stop = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job of the schedule; delete any other."""
        if not is_scheduled(job):
            _logger.error("unknown job refused")  # its name is untrusted, so it is not logged
            job.delete()
            return
        super().execute_job(job, queue)

    def kill_horse(self, sig: signal.Signals = SHUTDOWN_SIGNAL) -> None:
        """Signal the process of the current job, and no other.

        RQ signals its process group. Until that process has created its own, shortly after it starts, the group is the
        worker's: the signal would end the worker, and everything that was started with it.
        """
        with suppress(ProcessLookupError):
            if os.getpgid(self.horse_pid) == os.getpgrp():
                os.kill(self.horse_pid, sig)
            else:
                super().kill_horse(sig)

    def handle_warm_shutdown_request(self) -> None:
        """Record it, and give the current job a few seconds to finish (see HerokuWorker)."""
        self.was_told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]


def is_scheduled(job: Job) -> bool:
    """Return whether a job is one of the schedule: a known function, without arguments and callbacks."""
    callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)
    try:
        return job.func_name in _FUNCTIONS and not (job.args or job.kwargs or job.instance or any(callbacks))
    except DeserializationError:
        return False


def run_jobs(settings: Settings) -> int:
    """Run the jobs of this process's surfaces until SIGTERM; return the exit status.

    It also ends, with status FAILED and a log line, if Redis is unreachable at the start or lost during a job. The
    supervisor restarts it.
    """
    # This signal tells a job to finish soon. It would kill a job that has just started and has no handler yet.
    signal.signal(signal.SIGRTMIN, signal.SIG_IGN)
    redis = Redis.from_url(settings.redis_url)
    queues = [queue_of(surface, redis) for surface in settings.surfaces]
    worker = None
    try:
        worker = JobWorker(queues, connection=redis, serializer=JSONSerializer)
        worker.work(logging_level="WARNING")
    except RedisError:
        _logger.exception("Redis unreachable", extra={"role": "worker"})
    return STOPPED if worker is not None and worker.was_told_to_stop else FAILED

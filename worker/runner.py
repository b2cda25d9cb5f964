"""The process that takes jobs from Redis, one at a time."""

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

_OUR_FUNCTIONS: Final = frozenset(job.function for job in PERIODIC_JOBS)


class JobWorker(HerokuWorker):
    """Runs the jobs of the schedule and no others, and knows whether it was told to stop, which RQ does not say.

    A job is the name of a function and what to call it with. RQ calls whatever Python can import, so without this
    whoever can write to Redis could run programs here, with every secret of the worker.

    While it waits for a job and Redis is away it tries again, after 1, 2, 4 and then every `max_connection_wait_time`
    seconds: RQ's own minute would be two purges.
    """

    max_connection_wait_time = 5.0
    was_told_to_stop = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job of ours; drop any other."""
        if not is_ours(job):
            _logger.error("a job that is not of the schedule was refused")  # its name is a stranger's: not logged
            job.delete()
            return
        super().execute_job(job, queue)

    def kill_horse(self, sig: signal.Signals = SHUTDOWN_SIGNAL) -> None:
        """Signal the process of the job at hand, and nobody else.

        RQ signals its process group. Until that process has made one of its own, a moment after it began, the group is
        the worker's: the signal would end the worker, and whatever else was started with it.
        """
        with suppress(ProcessLookupError):
            if os.getpgid(self.horse_pid) == os.getpgrp():
                os.kill(self.horse_pid, sig)
            else:
                super().kill_horse(sig)

    def handle_warm_shutdown_request(self) -> None:
        """Remember it, and give the job at hand a few seconds to end (see HerokuWorker)."""
        self.was_told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]


def is_ours(job: Job) -> bool:
    """Tell whether a job is one of the schedule's: a function of its, called with nothing, and calling nobody back."""
    callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)
    try:
        return job.func_name in _OUR_FUNCTIONS and not (job.args or job.kwargs or job.instance or any(callbacks))
    except DeserializationError:
        return False


def run_jobs(settings: Settings) -> int:
    """Take the jobs of this process's surfaces until told to stop; return the exit status.

    It also ends, with status FAILED and a line in the log, when Redis cannot be reached at the start or is lost in the
    middle of a job. Whatever runs the process starts it again.
    """
    # A job is told by this signal that it must end soon. One that has just begun, and does not listen yet, would end.
    signal.signal(signal.SIGRTMIN, signal.SIG_IGN)
    redis = Redis.from_url(settings.redis_url)
    queues = [queue_of(surface, redis) for surface in settings.surfaces]
    worker = None
    try:
        worker = JobWorker(queues, connection=redis, serializer=JSONSerializer)
        worker.work(logging_level="WARNING")
    except RedisError:
        _logger.exception("the worker cannot reach Redis")
    return STOPPED if worker is not None and worker.was_told_to_stop else FAILED

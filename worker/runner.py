"""The process that takes jobs from Redis, one at a time."""

import logging
from typing import Final

from redis import Redis
from redis.exceptions import RedisError
from rq.serializers import JSONSerializer
from rq.worker import HerokuWorker

from app.config import Settings
from worker.clock import queue_of

_logger = logging.getLogger(__name__)

STOPPED: Final = 0
FAILED: Final = 1


class JobWorker(HerokuWorker):
    """Knows whether it was told to stop, which RQ does not say when its work ends.

    While it waits for a job and Redis is away it tries again, after 1, 2, 4 and then every `max_connection_wait_time`
    seconds: RQ's own minute would be two purges.
    """

    max_connection_wait_time = 5.0
    was_told_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        """Remember it, and give the job at hand a few seconds to end (see HerokuWorker)."""
        self.was_told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]


def run_jobs(settings: Settings) -> int:
    """Take the jobs of this process's surfaces until told to stop; return the exit status.

    It also ends, with status FAILED and a line in the log, when Redis cannot be reached at the start or is lost in the
    middle of a job. Whatever runs the process starts it again.
    """
    redis = Redis.from_url(settings.redis_url)
    queues = [queue_of(surface, redis) for surface in settings.surfaces]
    worker = None
    try:
        worker = JobWorker(queues, connection=redis, serializer=JSONSerializer)
        worker.work(logging_level="WARNING")
    except RedisError:
        _logger.exception("the worker cannot reach Redis")
    return STOPPED if worker is not None and worker.was_told_to_stop else FAILED

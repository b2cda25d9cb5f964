"""The queues of background jobs in Redis."""

import re
from datetime import UTC, datetime
from typing import Final

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import as_text

_RUN: Final = re.compile(r"[a-z-]+-(\d{1,11})")
_MOST_EXAMINED: Final = 100


def queue_of(surface: str, redis: Redis) -> Queue:
    """Return the queue of a surface, so that a worker only receives jobs whose secrets it has.

    Jobs are serialized as JSON: unpickling data from Redis would execute it.
    """
    return Queue(f"exposure-alert-{surface}", connection=redis, serializer=JSONSerializer)


def run_identifier(job: str, slot_start: int) -> str:
    """Return the identifier of a job's run: its name, and the start of its slot in unix seconds."""
    return f"{job}-{slot_start}"


def waiting_since(surface: str, redis: Redis) -> datetime | None:
    """Return since when the first job of a queue has waited; None if none waits. Raises RedisError.

    The entry of a run that has been dropped has expired, but a worker that does nothing leaves its identifier, which
    has the time (`run_identifier`).
    """
    for identifier in queue_of(surface, redis).get_job_ids(0, _MOST_EXAMINED):
        enqueued = redis.hget(Job.key_for(identifier), "enqueued_at")
        if enqueued:
            return datetime.fromisoformat(as_text(enqueued)).astimezone(UTC)
        run = _RUN.fullmatch(identifier)
        if run:
            return datetime.fromtimestamp(int(run[1]), UTC)
    return None

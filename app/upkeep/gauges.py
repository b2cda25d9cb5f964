"""The gauges of `/metrics` that belong to no process: ages and queues. The worker of status measures them."""

from collections.abc import Iterator
from datetime import datetime

from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from app.config import ALL_SURFACES
from app.database.database import Database
from app.measuring.increments import IncrementStore
from app.store import export_archives
from app.upkeep.last_purge import last_purge
from app.upkeep.queues import queue_of


def store_gauges(database: Database, redis: Redis, now: datetime) -> dict[str, float]:
    """Measure and store the gauges, and return them by name; one without a value is left out. Raises RedisError."""
    with database.autocommit() as connection:
        newest_archive = export_archives.newest(connection)
    queues = [queue_of(surface, redis) for surface in ALL_SURFACES]
    waiting = [age for queue in queues for age in _ages(queue.get_job_ids(0, 1), redis, now)]
    gauges = {
        "queue_lag_seconds": max(waiting, default=0.0),
        "queue_failed_jobs": float(sum(queue.failed_job_registry.get_job_count(cleanup=False) for queue in queues)),
    }
    for name, moment in (("archive_age_seconds", newest_archive), ("purge_lag_seconds", last_purge(redis))):
        if moment is not None:
            gauges[name] = max((now - moment).total_seconds(), 0.0)
    IncrementStore(redis).set_gauges(gauges)
    return gauges


def _ages(identifiers: list[str], redis: Redis, now: datetime) -> Iterator[float]:
    """Yield for how many seconds each job has waited. One that has just begun or expired is left out."""
    for identifier in identifiers:
        try:
            enqueued_at = Job.fetch(identifier, redis, serializer=JSONSerializer).enqueued_at
        except NoSuchJobError:
            continue
        if enqueued_at is not None:
            yield max((now - enqueued_at).total_seconds(), 0.0)

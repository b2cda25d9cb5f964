"""The gauges of `/metrics` that belong to no process: ages and queues. The worker of status measures them."""

from datetime import datetime

from redis import Redis

from app.config import ALL_SURFACES
from app.database.database import Database
from app.measuring.increments import IncrementStore
from app.store import export_archives
from app.upkeep.last_purge import last_purge
from app.upkeep.queues import queue_of, waiting_since


def store_gauges(database: Database, redis: Redis, now: datetime) -> dict[str, float]:
    """Measure and store the gauges, and return them by name; one without a value is left out. Raises RedisError."""
    with database.autocommit() as connection:
        newest_archive = export_archives.newest(connection)
    queues = [queue_of(surface, redis) for surface in ALL_SURFACES]
    waiting = [moment for surface in ALL_SURFACES if (moment := waiting_since(surface, redis)) is not None]
    gauges = {
        "queue_lag_seconds": max((now - min(waiting, default=now)).total_seconds(), 0.0),
        "queue_failed_jobs": float(sum(queue.failed_job_registry.get_job_count() for queue in queues)),
    }
    for name, moment in (("archive_age_seconds", newest_archive), ("purge_lag_seconds", last_purge(redis))):
        if moment is not None:
            gauges[name] = max((now - moment).total_seconds(), 0.0)
    IncrementStore(redis).set_gauges(gauges)
    return gauges

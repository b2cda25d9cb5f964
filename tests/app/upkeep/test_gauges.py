"""The gauges that belong to no process (app/upkeep/gauges.py)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.config import SHARING, SUBMISSION
from app.measuring.increments import IncrementStore
from app.upkeep.gauges import store_gauges
from app.upkeep.last_purge import record_purge
from app.upkeep.queues import queue_of
from tests.support.service import Service


def test_ages_and_queues_are_measured(make_service: Callable[..., Service]) -> None:
    service = make_service(EXPORT_MAX_AGE_SECONDS="60")
    redis, now = service.app.context.redis, service.clock.now
    service.fetch(service.today)
    purged = now.replace(microsecond=0) - timedelta(seconds=40)
    record_purge(redis, purged)
    queue_of(SUBMISSION, redis).enqueue_call("worker.jobs.purge.purge")
    later = datetime.now(UTC) + timedelta(seconds=100)
    gauges = store_gauges(service.database, redis, later)
    assert 100 <= gauges["queue_lag_seconds"] < 160
    assert gauges["archive_age_seconds"] == (later - now).total_seconds()
    assert gauges["purge_lag_seconds"] == (later - purged).total_seconds()
    assert gauges["queue_failed_jobs"] == 0
    assert IncrementStore(redis).gauges() == gauges
    earlier = store_gauges(service.database, redis, now - timedelta(days=1))
    assert set(earlier.values()) == {0.0}, "the clock of the database was set back"


def test_what_is_unknown_is_left_out(service: Service) -> None:
    redis = service.app.context.redis
    IncrementStore(redis).set_gauges({"purge_lag_seconds": 3.0})  # when it was known
    failed = queue_of(SHARING, redis).failed_job_registry
    redis.zadd(failed.key, {"expired": 1.0, "kept": time.time() + 1000})
    store_gauges(service.database, redis, service.clock.now)
    assert IncrementStore(redis).gauges() == {"queue_lag_seconds": 0, "queue_failed_jobs": 1}

"""Finished minutes are folded once, whenever a worker ends, and however many work (app/upkeep/minutes.py)."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from app.domain.objectives import MinuteCounts, SeriesKey
from app.measuring.increments import Batch, IncrementStore
from app.store import objective_minutes
from app.upkeep.minutes import RETENTION, fold_minutes
from tests.support.service import Service

ROOT = Path(__file__).parents[3]
MINUTE = 29_000_000
BEGIN = datetime.fromtimestamp(MINUTE * 60, UTC)
FINISHED = BEGIN + timedelta(seconds=66)
GOOD: SeriesKey = ("exposure_alert_requests_total", (("status", "2xx"), ("surface", "submission")))
BAD: SeriesKey = ("exposure_alert_requests_total", (("status", "5xx"), ("surface", "submission")))


def count(increments: Mapping[SeriesKey, float]) -> dict[str, tuple[int, int]]:
    """Return the good and total requests as the counts of one objective."""
    good, bad = int(increments.get(GOOD, 0)), int(increments.get(BAD, 0))
    return {"requests": (good, good + bad)}


@pytest.fixture
def service(make_service: Callable[..., Service], own_redis_url: str) -> Service:
    service = make_service(REDIS_URL=own_redis_url)
    service.app.context.redis.flushall()
    return service


@pytest.fixture
def redis(service: Service) -> Redis:
    """The service's Redis, which is empty."""
    connection: Redis = service.app.context.redis
    return connection


def flush(redis: Redis, good: int, bad: int = 0, minute: int = MINUTE) -> None:
    """Add the increments of a process that existed for one batch."""
    increments = {GOOD: float(good), BAD: float(bad)}
    IncrementStore(redis).add(os.urandom(8).hex(), [Batch(1, minute, increments)], add_to_totals=False)


def fold(service: Service, now: datetime = FINISHED) -> int:
    return fold_minutes(service.database, service.app.context.redis, count, now)


def stored(service: Service) -> list[MinuteCounts]:
    with service.database.autocommit() as connection:
        found = objective_minutes.between(connection, BEGIN - timedelta(days=365), BEGIN + timedelta(days=1))
    return found.get("requests", [])


def test_figures_with_thresholds_are_stored_with_the_minute(service: Service, redis: Redis) -> None:
    for bad in (2, 3):
        flush(redis, 9, bad)
    fold(service)
    fold(service)
    rows = service.rows("SELECT figure, minute, count FROM figure_readings")
    assert [(row.figure, row.minute, row.count) for row in rows] == [("server_errors", BEGIN, 5)]


def test_a_finished_minute_is_folded_once(service: Service, redis: Redis) -> None:
    flush(redis, 9, 1)
    flush(redis, 90)
    assert [fold(service), fold(service)] == [1, 0]
    assert stored(service) == [MinuteCounts(BEGIN, 99, 100)]
    assert [key for key in redis.keys("metrics:*") if b"process" not in key] == []


def test_a_minute_that_lasts_is_left_for_later(service: Service, redis: Redis) -> None:
    flush(redis, 1)
    assert fold(service, BEGIN + timedelta(seconds=64)) == 0
    assert stored(service) == []
    assert fold(service) == 1
    assert stored(service) == [MinuteCounts(BEGIN, 1, 1)]


def test_increments_that_arrive_later_are_added(service: Service, redis: Redis) -> None:
    flush(redis, 1)
    fold(service)
    flush(redis, 2, 3)
    flush(redis, 5, minute=MINUTE + 1)
    assert fold(service, FINISHED + timedelta(minutes=1)) == 2
    assert stored(service) == [MinuteCounts(BEGIN, 3, 6), MinuteCounts(BEGIN + timedelta(minutes=1), 5, 5)]


# A worker that is killed when it calls a function for the first time.
WORKER = """
import os, signal, sys
from app.measuring.increments import IncrementStore
from app.store import objective_minutes
from app.upkeep import minutes
from tests.app.upkeep.test_minutes import FINISHED, fold
from tests.support.service import start_service
from tests.support.settings import make_settings

def end(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def end_after(function):
    def called(*arguments):
        function(*arguments)
        end()
    return called

moments = {
    "after the claim": lambda: setattr(IncrementStore, "read", end),
    "after the batch was recorded": lambda: setattr(objective_minutes, "add", end),
    "before the commit": lambda: setattr(objective_minutes, "add", end_after(objective_minutes.add)),
    "after the commit": lambda: setattr(IncrementStore, "release", end),
    "at the end": lambda: setattr(IncrementStore, "release", end_after(IncrementStore.release)),
}
moments[sys.argv[3]]()
fold(start_service(make_settings(sys.argv[1], sys.argv[2])))
"""
MOMENTS = (
    "after the claim",
    "after the batch was recorded",
    "before the commit",
    "after the commit",
    "at the end",
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(service: Service, redis: Redis, moment: str) -> None:
    flush(redis, 9, 1)
    arguments = [service.settings.database_url, service.settings.redis_url, moment]
    killed = subprocess.run([sys.executable, "-c", WORKER, *arguments], cwd=ROOT, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    flush(redis, 5)  # late increments of the same minute
    fold(service)
    fold(service)
    assert stored(service) == [MinuteCounts(BEGIN, 14, 15)]


def test_workers_at_the_same_time_fold_each_batch_once(service: Service, redis: Redis) -> None:
    minutes = 20
    for minute in range(minutes):
        flush(redis, 3, 1, MINUTE + minute)
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(fold, service, BEGIN + timedelta(hours=1)) for _ in range(4)]
        folded = sum(run.result() for run in runs)
    assert folded == minutes
    assert {(counts.good, counts.total) for counts in stored(service)} == {(3, 4)}
    assert len(stored(service)) == minutes


def test_counts_are_purged_after_ninety_days(service: Service, redis: Redis) -> None:
    flush(redis, 1)
    fold(service)
    fold(service, BEGIN + RETENTION)
    assert len(stored(service)) == 1
    fold(service, BEGIN + RETENTION + timedelta(seconds=1))
    assert stored(service) == []
    assert service.rows("SELECT * FROM folded_batches") == []

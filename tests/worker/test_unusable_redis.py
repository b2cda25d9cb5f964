"""Purges while Redis is unreachable, read-only, full or silent, with processes as the Procfile starts them."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from app.config import RETRIEVAL, SUBMISSION
from app.upkeep.queues import queue_of
from processes.redis import EmbeddedRedis
from tests.support.black_hole import BlackHole
from tests.support.service import Service
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until
from tests.worker.test_main import ending_of, start

# The guide alarms after two minutes without a purge.
ALARM_SECONDS = 120


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis of the test's own."""
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server:
        yield server


@contextmanager
def running(service: Service, *roles: str, **changes: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """Run the worker's processes until the end of the block; each must then stop, after whole lines in its log."""
    changes = {"WORKER_EXPIRATION_INTERVAL": "1"} | changes
    processes = [start(service, role, **changes) for role in roles]
    try:
        yield processes
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        endings = [ending_of(process) for process in processes]
    assert [code for code, _ in endings] == [0 for _ in endings]
    assert [line for _, log in endings for line in log.splitlines() if not line.startswith("time=")] == []


def wait_for_purge(service: Service, seconds: float = ALARM_SECONDS) -> None:
    """Issue a code, let it expire, and wait until it has been purged."""
    service.issue()
    service.execute("UPDATE encryption_keys SET created = now() - interval '2 days'")
    wait_until(
        lambda: service.rows("SELECT count(*) AS rows FROM encryption_keys")[0].rows == 0,
        "the expired code is purged",
        seconds,
    )


def test_a_worker_without_redis_purges_by_itself(service: Service) -> None:
    with running(service, "jobs", REDIS_URL="redis://127.0.0.1:1/0"):
        wait_for_purge(service)


@only_in_torture
def test_a_full_redis_stops_no_purge(service: Service, redis_server: EmbeddedRedis) -> None:
    with running(service, "jobs", "clock", REDIS_URL=redis_server.url), Redis.from_url(redis_server.url) as redis:
        wait_for_purge(service)
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", "2mb")
        fill(redis)
        for _ in range(2):
            wait_for_purge(service)
        redis.flushall()
        wait_until(lambda: queue_of(SUBMISSION, redis).finished_job_registry.count, "the queue is used again")
        wait_for_purge(service)


def fill(redis: Redis) -> None:
    """Store text until Redis refuses even the smallest one."""
    for size in (10_000, 10):
        number = 0
        try:
            while True:
                redis.set(f"ballast-{size}-{number}", "x" * size)
                number += 1
        except RedisError:
            continue


@only_in_torture
def test_a_primary_that_became_a_replica_is_left(service: Service, redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    """The address leads to the new primary after a failover, while the old one keeps its connections."""
    with (
        EmbeddedRedis(tmp_path / "primary", durable=False) as primary,
        BlackHole(redis_server.url) as address,
        Redis.from_url(redis_server.url) as old,
        Redis.from_url(primary.url) as new,
    ):
        new.config_set("requirepass", old.connection_pool.connection_kwargs["password"])
        with running(service, "jobs", "clock", REDIS_URL=address.url):
            wait_for_purge(service)
            address.lead_to(primary.url)
            old.replicaof("127.0.0.1", "1")
            wait_until(
                lambda: queue_of(SUBMISSION, new).finished_job_registry.count, "jobs are run through the new primary"
            )


# In CI only the harder case: a worker whose address still answers needs the same limits, and less of them.
@pytest.mark.parametrize(
    "new", [pytest.param(False, marks=only_in_torture), True], ids=["its-connections", "its-address"]
)
def test_a_silent_redis_delays_a_purge_by_less_than_a_minute(
    service: Service, redis_server: EmbeddedRedis, new: bool
) -> None:
    with (
        BlackHole(redis_server.url) as address,
        running(service, "jobs", "clock", REDIS_URL=address.url),
    ):
        wait_for_purge(service)
        address.swallow(new=new)
        wait_for_purge(service, 60)


def builds_archives(redis: Redis) -> bool:
    """Return whether a job of retrieval waits or runs."""
    queue = queue_of(RETRIEVAL, redis)
    return bool(queue.count or queue.started_job_registry.get_job_count(cleanup=False))


@only_in_torture
def test_a_silent_database_delays_a_purge_by_less_than_a_minute(service: Service, redis_server: EmbeddedRedis) -> None:
    with (
        BlackHole(service.settings.database_url.replace("+psycopg2", "")) as address,
        running(service, "jobs", "clock", REDIS_URL=redis_server.url, DATABASE_URL=address.url),
        Redis.from_url(redis_server.url) as redis,
    ):
        wait_for_purge(service)
        # A job that reads an archive's keys may wait five minutes for a server that acknowledges packets.
        wait_until(lambda: not builds_archives(redis), "the first archives are built", 180)
        address.swallow(new=True)
        wait_until(lambda: redis.zcard("rq:failed:exposure-alert-submission"), "a job is given up")
        address.recover()
        wait_for_purge(service, 60)


@only_in_torture
def test_a_small_redis_survives_a_long_outage_of_the_database(service: Service, redis_server: EmbeddedRedis) -> None:
    with (
        BlackHole(service.settings.database_url.replace("+psycopg2", "")) as address,
        Redis.from_url(redis_server.url) as redis,
    ):
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", "3mb")
        with running(
            service, "jobs", "jobs", "clock", REDIS_URL=redis_server.url, DATABASE_URL=address.url,
            DATABASE_TIMEOUT_SECONDS="1", EXPORT_MAX_AGE_SECONDS="3",
        ):  # fmt: skip
            wait_for_purge(service)
            address.swallow(new=True)
            time.sleep(20)
            before = redis.info("memory")["used_memory"]
            time.sleep(60)
            # Forty runs of jobs that nothing drops would take twice as much.
            assert redis.info("memory")["used_memory"] < before + 100_000
            address.recover()
            wait_for_purge(service, 60)

"""Increments reach Redis once each, in the minute in which they happened (app/measuring/flush.py, increments.py)."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from app.measuring.flush import MAX_MINUTES, Flusher, seconds_until_next
from app.measuring.increments import Batch, IncrementStore
from app.measuring.instruments import Instruments
from processes.redis import EmbeddedRedis

CHECKS = ("exposure_alert_checks_total", (("check", "redis"), ("result", "good")))
MINUTE = 29_000_000
BEGIN = MINUTE * 60.0


class UnreliableStore(IncrementStore):
    """A store that adds nothing, or adds and loses the answer, as often as it is told to."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.faults: list[str] = []

    def add(self, process: str, batches: Iterable[Batch], *, add_to_totals: bool) -> None:
        """Raise ConnectionError before or after the batches are added."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "unreachable":
            raise RedisConnectionError
        super().add(process, batches, add_to_totals=add_to_totals)
        if fault == "answer lost":
            raise RedisConnectionError


class Process:
    """A process that counts, and its clock."""

    def __init__(self, redis: Redis, *, add_to_totals: bool = False, inherited: Any = None) -> None:
        self.now = BEGIN
        self.instruments = Instruments()
        self.store = UnreliableStore(redis)
        self.flusher = Flusher(
            self.instruments, self.store, add_to_totals=add_to_totals, inherited=inherited, now=lambda: self.now
        )

    def count(self, times: int = 1) -> None:
        """Count good checks."""
        for _ in range(times):
            self.instruments.count_check("redis", good=True)

    def flush_at(self, second: float) -> bool:
        """Flush so many seconds after the minute began."""
        self.now = BEGIN + second
        return self.flusher.flush()


@pytest.fixture
def redis(own_redis_url: str) -> Iterator[Redis]:
    """A Redis that is empty."""
    with Redis.from_url(own_redis_url) as connection:
        connection.flushall()
        yield connection


def stored(redis: Redis) -> dict[int, float]:
    """Return the counted checks by minute, relative to MINUTE. They are taken from Redis."""
    store = IncrementStore(redis)
    found: dict[int, float] = {}
    for claim in store.claim_until(MINUTE + 10_000):
        minute = claim.minute - MINUTE
        found[minute] = found.get(minute, 0) + store.read(claim).get(CHECKS, 0)
        store.release(claim)
    return found


def test_what_is_counted_belongs_to_the_minute_in_which_it_happened(redis: Redis) -> None:
    process = Process(redis)
    for second, times in ((10, 1), (50, 2), (60.01, 4), (70, 8)):
        process.count(times)
        assert process.flush_at(second)
    assert stored(redis) == {0: 7, 1: 8}


def test_increments_of_several_processes_are_added(redis: Redis) -> None:
    for _ in range(3):
        process = Process(redis)
        process.count(2)
        process.flush_at(10)
    assert stored(redis) == {0: 6}


def minutes_after(redis: Redis, *minutes: int) -> set[int]:
    """Add a batch of a process for each of these minutes, one after the other; return those that can be folded."""
    store = IncrementStore(redis)
    for minute in minutes:
        store.add(f"process {minute}", [Batch(1, minute, {CHECKS: 1})], add_to_totals=False)
    return {claim.minute for claim in store.claim_until(max(minutes) + 1)}


def test_a_process_whose_clock_is_ahead_removes_no_minutes_of_the_others(redis: Redis) -> None:
    now = int(time.time() // 60)
    assert minutes_after(redis, now, now + MAX_MINUTES + 10) == {now, now + MAX_MINUTES + 10}


def test_minutes_that_no_worker_folds_are_removed_with_their_increments(redis: Redis) -> None:
    assert minutes_after(redis, MINUTE, MINUTE + MAX_MINUTES - 1) == {MINUTE, MINUTE + MAX_MINUTES - 1}
    redis.flushall()
    assert minutes_after(redis, MINUTE, MINUTE + MAX_MINUTES) == {MINUTE + MAX_MINUTES}


def test_a_user_of_redis_that_may_not_read_its_clock_counts(redis: Redis, own_redis_url: str) -> None:
    redis.acl_setuser("old", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-time"])
    try:
        with Redis.from_url(own_redis_url, username="old", password="any") as connection:
            assert minutes_after(connection, MINUTE, MINUTE + MAX_MINUTES) == {MINUTE + MAX_MINUTES}
    finally:
        redis.acl_deluser("old")


def test_a_batch_whose_answer_was_lost_is_added_once(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    process = Process(redis)
    process.store.faults = ["answer lost", "unreachable", "answer lost"]
    process.count(5)
    assert not process.flush_at(10)
    process.count(7)
    assert not process.flush_at(20)
    process.count(9)
    assert not process.flush_at(30)
    assert process.flush_at(40)
    assert stored(redis) == {0: 21}
    assert len(caplog.records) == 1, "it is logged once in an outage"
    process.store.faults = ["unreachable"]
    process.count()
    assert not process.flush_at(50)
    assert len(caplog.records) == 2


def test_increments_are_kept_in_their_minutes_while_redis_is_unreachable(redis: Redis) -> None:
    process = Process(redis)
    process.store.faults = ["unreachable"] * 6
    for minute in range(3):
        assert process.flush_at(minute * 60 + 50) is (minute == 0)  # when there was nothing to send yet
        process.count(minute + 1)
        assert not process.flush_at(minute * 60 + 60)
    process.count(10)
    assert not process.flush_at(190)
    assert process.flush_at(200)
    assert stored(redis) == {0: 1, 1: 2, 2: 3, 3: 10}


def test_the_oldest_minutes_are_dropped_in_a_long_outage(redis: Redis) -> None:
    process = Process(redis)
    process.store.faults = ["unreachable"] * 2 * (MAX_MINUTES + 9)
    for minute in range(MAX_MINUTES + 9):
        process.flush_at(minute * 60 + 50)
        process.count()
        process.flush_at(minute * 60 + 60)
    process.store.faults = []
    assert len(process.flusher._pending) <= MAX_MINUTES
    assert process.flush_at((MAX_MINUTES + 9) * 60 + 10)
    kept = stored(redis)
    assert sum(kept.values()) <= MAX_MINUTES + 1  # the first batch may have been added before
    assert MAX_MINUTES + 8 in kept


def test_what_an_earlier_process_counted_in_the_same_files_is_not_added_again(redis: Redis) -> None:
    process = Process(redis, inherited={CHECKS: 3.0})
    process.count(3)
    assert process.flush_at(10)
    process.count(4)
    assert process.flush_at(20)
    assert stored(redis) == {0: 4}


def test_only_processes_without_a_page_of_their_own_add_to_the_totals(redis: Redis) -> None:
    for is_worker in (True, False):
        process = Process(redis, add_to_totals=is_worker)
        process.count(2)
        process.store.faults = ["answer lost"]
        process.flush_at(10)
        process.flush_at(20)
    assert IncrementStore(redis).totals()[CHECKS] == 2


def test_all_processes_flush_at_the_same_seconds() -> None:
    assert [seconds_until_next(now) for now in (BEGIN, BEGIN + 1, BEGIN + 59.5)] == [10, 9, 0.5]


def test_what_nothing_folds_expires(redis: Redis) -> None:
    process = Process(redis, add_to_totals=True)
    process.count()
    process.flush_at(10)
    lasting = [key for key in redis.keys("metrics:*") if redis.ttl(key) < 0]
    assert lasting == [b"metrics:totals"]


PROGRAM = """
import os, sys, time
from app.config import Settings
from app.measuring.flush import start_flushing
from app.measuring.instruments import Instruments
from types import SimpleNamespace
import signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
instruments = Instruments()
start_flushing(SimpleNamespace(redis_url=os.environ["REDIS_URL"]), instruments, add_to_totals=True)
instruments.count_check("redis", good=True)
print("counted", flush=True)
time.sleep(300)
"""


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that the test may stop."""
    server = EmbeddedRedis(tmp_path, durable=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_a_process_flushes_when_it_is_told_to_end(own_redis: EmbeddedRedis) -> None:
    environment = {"PATH": os.environ["PATH"], "REDIS_URL": own_redis.url}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        process.terminate()
        assert process.wait(60) == 0
    with Redis.from_url(own_redis.url) as redis:
        assert IncrementStore(redis).totals()[CHECKS] == 1


def test_a_real_outage_of_redis_loses_nothing(own_redis: EmbeddedRedis) -> None:
    with Redis.from_url(own_redis.url) as redis:
        process = Process(redis)
        process.count(1)
        assert process.flush_at(10)
        own_redis.stop()
        process.count(2)
        assert not process.flush_at(20)
        own_redis.start()
        process.count(4)
        assert process.flush_at(30)
        assert stored(redis) == {0: 7}

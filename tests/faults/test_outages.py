"""The database, Redis or the disk is unresponsive or full for some seconds, under load."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg2
import pytest
from redis import Redis

from tests.faults.storm import endure
from tests.support.stack import Stack
from tests.support.torture import only_in_torture

pytestmark = only_in_torture


def paused(leader: psutil.Process, seconds: float) -> None:
    """Suspend a process and its children for a while, like a virtual machine that hangs."""
    processes = [*leader.children(recursive=True), leader]
    for process in processes:
        process.suspend()
    try:
        time.sleep(seconds)
    finally:
        for process in [leader, *processes]:
            if process.is_running():
                process.resume()


def test_an_unresponsive_database_does_not_block_clients(stack: Stack) -> None:
    outcome = endure(stack, "PostgreSQL paused", lambda: paused(stack.postgres, 20))
    assert {exchange.outcome for exchange in outcome.failures} <= {500, 503}


def test_a_database_without_free_connections_is_an_outage(stack: Stack) -> None:
    url = stack.setting("DATABASE_URL")

    def take_them_all() -> None:
        taken = [psycopg2.connect(url)]
        taken[0].autocommit = True
        until = time.monotonic() + 6
        while time.monotonic() < until:
            try:
                taken.append(psycopg2.connect(url))
            except psycopg2.OperationalError:  # take the connections of the service, too
                taken[0].cursor().execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'exposure-alert'"
                )
                time.sleep(0.02)
        for connection in taken:
            connection.close()
        assert len(taken) > 50

    outcome = endure(stack, "PostgreSQL out of connections", take_them_all)
    assert {exchange.outcome for exchange in outcome.failures} == {500}


def test_a_read_only_database_refuses_writes_with_an_error(stack: Stack) -> None:
    def read_only() -> None:
        stack.query("ALTER SYSTEM SET default_transaction_read_only = on")
        stack.query("SELECT pg_reload_conf()")
        try:
            time.sleep(6)
        finally:
            stack.query("ALTER SYSTEM RESET default_transaction_read_only")
            stack.query("SELECT pg_reload_conf()")

    outcome = endure(stack, "PostgreSQL read-only", read_only)
    assert {exchange.outcome for exchange in outcome.failures} == {500}
    assert {exchange.route for exchange in outcome.failures} <= {"code", "claim", "upload", "download"}


def works_again(stack: Stack) -> Callable[[], bool]:
    """Return a condition: the worker has finished two jobs since the first call."""
    seen: list[int] = []

    def has_purged() -> bool:
        seen.append(stack.log.count('msg="purge finished"'))
        return seen[-1] > seen[0] + 1

    return has_purged


def test_an_unresponsive_redis_does_not_affect_phones(stack: Stack) -> None:
    outcome = endure(stack, "Redis paused", lambda: paused(stack.redis, 10), works_again(stack))
    assert outcome.failures == []


def test_a_full_redis_does_not_affect_phones(stack: Stack) -> None:
    client = Redis.from_url(stack.setting("REDIS_URL"))

    def full() -> None:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            time.sleep(6)
        finally:
            client.config_set("maxmemory", 0)

    outcome = endure(stack, "Redis full", full, works_again(stack))
    assert outcome.failures == []


def test_a_full_archive_disk_does_not_affect_uploads(stack: Stack, archive_disk: Path | None) -> None:
    if archive_disk is None:
        pytest.skip("this user may not mount a small disk")

    def full() -> None:
        ballast = archive_disk / "ballast"
        until = time.monotonic() + 8
        try:
            with ballast.open("wb", buffering=0) as file:
                while time.monotonic() < until:  # also fill what is deleted meanwhile
                    with suppress(OSError):
                        file.write(bytes(4096))
                        continue
                    time.sleep(0.001)
        finally:
            ballast.unlink(missing_ok=True)

    outcome = endure(stack, "disk of the archives full", full)
    assert {exchange.route for exchange in outcome.failures} <= {"download"}

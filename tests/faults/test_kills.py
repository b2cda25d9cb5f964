"""Each process of the service is killed under load."""

import os
import signal
import time

import psutil
import pytest

from tests.faults.storm import endure
from tests.support.stack import Stack
from tests.support.torture import only_in_ci, only_in_torture
from tests.support.web import workers_of

# IncompleteRead: the worker was killed after it had sent the header of the response.
LOST_CONNECTIONS = (
    "ConnectionResetError",
    "RemoteDisconnected",
    "ConnectionRefusedError",
    "BrokenPipeError",
    "IncompleteRead",
)


def kill_one_web_worker(stack: Stack) -> None:
    workers_of(stack.web)[0].kill()


@only_in_ci
def test_a_killed_web_worker_loses_only_its_requests_in_progress(stack: Stack) -> None:
    before = {worker.pid for worker in workers_of(stack.web)}

    outcome = endure(
        stack,
        "kill -9 of a web worker",
        lambda: kill_one_web_worker(stack),
        lambda: len({worker.pid for worker in workers_of(stack.web)} - before) == 1,
    )

    assert len(outcome.failures) <= 8  # threads of a worker
    assert {exchange.outcome for exchange in outcome.failures} <= set(LOST_CONNECTIONS)


@only_in_torture
def test_a_killed_web_process_is_restarted(stack: Stack) -> None:
    outcome = endure(stack, "kill -9 of the whole web process", lambda: os.killpg(stack.web.pid, signal.SIGKILL))
    assert {exchange.outcome for exchange in outcome.failures} <= set(LOST_CONNECTIONS)


@only_in_torture
@pytest.mark.parametrize(("name", "words"), [("RQ worker", "-m worker"), ("clock", "-m worker clock")])
def test_a_killed_worker_or_clock_is_restarted_without_affecting_clients(stack: Stack, name: str, words: str) -> None:
    killed: list[psutil.Process] = []

    def kill() -> None:
        killed.append(_worker(stack) if words == "-m worker" else stack.part(words))
        os.killpg(killed[0].pid, signal.SIGKILL)
        time.sleep(0.1)
        killed.append(stack.log.count('msg="purge finished"'))  # type: ignore[arg-type]

    outcome = endure(stack, f"kill -9 of the {name}", kill, lambda: stack.log.count('msg="purge finished"') > killed[1])

    assert outcome.failures == []
    assert killed[0].pid not in psutil.pids()


def _worker(stack: Stack) -> psutil.Process:
    return next(child for child in stack.web.parent().children() if child.cmdline()[-2:] == ["-m", "worker"])


@only_in_torture
def test_a_killed_redis_does_not_affect_phones(stack: Stack) -> None:
    purged: list[int] = []

    def kill() -> None:
        stack.redis.kill()
        purged.append(stack.log.count('msg="purge finished"'))

    outcome = endure(stack, "kill -9 of Redis", kill, lambda: stack.log.count('msg="purge finished"') > purged[0] + 1)
    assert outcome.failures == []


@only_in_torture
def test_a_killed_database_loses_nothing(stack: Stack) -> None:
    outcome = endure(stack, "kill -9 of PostgreSQL", lambda: stack.postgres.kill())
    assert {exchange.outcome for exchange in outcome.failures} == {500}


@only_in_torture
def test_a_restarted_database_loses_nothing(stack: Stack) -> None:
    outcome = endure(stack, "PostgreSQL restarted", lambda: stack.postgres.send_signal(signal.SIGINT))
    assert {exchange.outcome for exchange in outcome.failures} <= {500}

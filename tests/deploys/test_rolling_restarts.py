"""Processes are replaced under load, without an effect on clients."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from rq import Worker
from rq.registry import FailedJobRegistry

from app.config import ALL_SURFACES
from app.upkeep.queues import queue_of
from tests.support.load import Load
from tests.support.stack import Stack
from tests.support.torture import only_in_torture
from tests.support.web import workers_of

WORKERS = 2
# Each takes more than twenty seconds, as an old web worker serves beside a new one for ten.
ROUNDS = 20


def replace_web_workers(stack: Stack) -> None:
    """Replace the web workers as a deployment does; return when all of them are new."""
    web = stack.web
    old = {worker.pid for worker in workers_of(web)}
    web.send_signal(signal.SIGHUP)

    def all_are_new() -> bool:
        pids = {worker.pid for worker in workers_of(web)}
        return len(pids) == WORKERS and not pids & old

    stack.wait_for(all_are_new, "the workers are new", 120)


@contextmanager
def another_worker(stack: Stack) -> Iterator[None]:
    """Run another worker, and stop it as a deployment does once it takes jobs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "worker"],
        env=stack.web.environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
        with Redis.from_url(stack.setting("REDIS_URL")) as redis:
            stack.wait_for(lambda: _takes_jobs(redis, process.pid), "the worker takes jobs", 120)
    except BaseException:
        process.kill()
        raise
    process.terminate()
    assert process.wait(30) == 0


def _takes_jobs(redis: Redis, pid: int) -> bool:
    """Return whether a worker waits for jobs. Before that, SIGTERM simply ends it."""
    return any(each.pid == pid and each.get_state() in ("idle", "busy") for each in Worker.all(redis))


def failed_jobs(stack: Stack) -> list[list[str]]:
    with Redis.from_url(stack.setting("REDIS_URL")) as redis:
        return [FailedJobRegistry(queue=queue_of(surface, redis)).get_job_ids() for surface in ALL_SURFACES]


# In CI test_handover.py replaces web workers, and tests/worker stop workers.
@only_in_torture
def test_rolling_restarts_do_not_affect_clients(stack: Stack) -> None:
    failed = failed_jobs(stack)
    began = time.monotonic()
    with Load(stack, pause_seconds=0.1, repeats=True) as load:
        for _ in range(ROUNDS):
            with another_worker(stack):
                replace_web_workers(stack)
        now = time.monotonic()
        stack.wait_for(lambda: load.is_well_since(now), "every route answers")

    assert load.failures == []
    # Only a connection that is open without a request when a worker ends is closed: rarely one.
    assert len(load.closed) <= ROUNDS * WORKERS
    assert failed_jobs(stack) == failed
    print(
        f"{ROUNDS} restarts of web and worker in {time.monotonic() - began:.0f} s: {len(load.exchanges)} requests, "
        f"{len(load.closed)} repeated, {load.summary()} failed, longest wait {load.slowest.seconds:.1f} s"
    )

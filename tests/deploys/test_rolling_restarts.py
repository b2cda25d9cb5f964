"""Processes are replaced under load, and no client notices."""

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
from tests.support.load import Load
from tests.support.stack import Stack
from tests.support.torture import times
from tests.support.web import workers_of
from worker.clock import queue_of

WORKERS = 2


def replace_web_workers(stack: Stack) -> None:
    """Do what a deploy does to the web process, and return when none of the old workers is left."""
    web = stack.web
    old = {worker.pid for worker in workers_of(web)}
    web.send_signal(signal.SIGHUP)

    def all_are_new() -> bool:
        pids = {worker.pid for worker in workers_of(web)}
        return len(pids) == WORKERS and not pids & old

    stack.wait_for(all_are_new, "the workers are new", 90)


@contextmanager
def another_worker(stack: Stack) -> Iterator[None]:
    """Run one more worker, which takes jobs by the end of the block, and then let it end as a deploy does."""
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
            stack.wait_for(lambda: _takes_jobs(redis, process.pid), "the worker takes jobs", 90)
    except BaseException:
        process.kill()
        raise
    process.terminate()
    assert process.wait(30) == 0


def _takes_jobs(redis: Redis, pid: int) -> bool:
    """Tell whether a worker has gone as far as to wait for jobs: before that, SIGTERM simply ends it."""
    return any(each.pid == pid and each.get_state() in ("idle", "busy") for each in Worker.all(redis))


def failed_jobs(stack: Stack) -> list[list[str]]:
    with Redis.from_url(stack.setting("REDIS_URL")) as redis:
        return [FailedJobRegistry(queue=queue_of(surface, redis)).get_job_ids() for surface in ALL_SURFACES]


def test_web_and_worker_are_replaced_again_and_again_and_nobody_notices(stack: Stack) -> None:
    rounds = times(1, 130)
    failed = failed_jobs(stack)
    began = time.monotonic()
    with Load(stack, pause_seconds=0.1) as load:
        for _ in range(rounds):
            with another_worker(stack):
                replace_web_workers(stack)
        now = time.monotonic()
        stack.wait_for(lambda: load.is_well_since(now), "every route answers", 30)

    assert load.failures == []
    assert failed_jobs(stack) == failed
    print(
        f"{rounds} restarts of web and worker in {time.monotonic() - began:.0f} s: {len(load.exchanges)} requests, "
        f"{load.summary()} failed, longest wait {load.slowest.seconds:.1f} s"
    )

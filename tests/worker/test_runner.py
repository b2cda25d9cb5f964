"""Which jobs the worker runs (worker/runner.py)."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Queue
from rq.exceptions import DequeueTimeout
from rq.job import Callback, Job
from rq.serializers import JSONSerializer

from app.config import ALL_SURFACES, STATUS, SUBMISSION
from app.measuring.instruments import Instruments
from app.upkeep.queues import queue_of
from tests.support.service import Service
from worker.runner import JobWorker, by_priority, is_scheduled
from worker.schedule import PERIODIC_JOBS, PeriodicJob
from worker.stopping import Stop

PURGE = "worker.jobs.purge.purge"


def job_of(redis: Redis, function: str, **options: Any) -> Job:
    return Job.create(function, connection=redis, serializer=JSONSerializer, **options)


@pytest.mark.parametrize("periodic", PERIODIC_JOBS, ids=lambda job: job.name)
def test_every_job_of_the_schedule_is_scheduled(redis: Redis, periodic: PeriodicJob) -> None:
    assert is_scheduled(job_of(redis, periodic.function))


@pytest.mark.parametrize(
    ("function", "options"),
    [
        ("os.system", {"args": ("id",)}),
        ("os.getpid", {}),
        (PURGE, {"args": ("id",)}),
        (PURGE, {"kwargs": {"shell": True}}),
        (PURGE, {"on_success": Callback("os.getpid")}),
        (PURGE, {"on_failure": Callback("os.getpid")}),
        (PURGE, {"on_stopped": Callback("os.getpid")}),
    ],
)
def test_what_calls_anything_else_is_not(redis: Redis, function: str, options: dict[str, Any]) -> None:
    assert not is_scheduled(job_of(redis, function, **options))


def test_a_job_that_cannot_be_read_is_not_ours(redis: Redis) -> None:
    job = job_of(redis, PURGE)
    job.save()
    redis.hset(job.key, "data", b"\x80no JSON")
    assert not is_scheduled(Job.fetch(job.id, connection=redis, serializer=JSONSerializer))


def test_a_strangers_program_in_redis_is_refused_and_forgotten(
    redis: Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue = queue_of(SUBMISSION, redis)
    trace = tmp_path / "trace"
    job = queue.enqueue_call("os.mkdir", (str(trace),))

    JobWorker([queue], redis, Stop(), Instruments()).work(burst=True, logging_level="WARNING")

    assert not trace.exists()
    assert not redis.exists(job.key)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["unknown job refused"]


def test_a_job_that_was_replaced_after_it_was_examined_is_refused(redis: Redis, tmp_path: Path) -> None:
    queue, trace = queue_of(SUBMISSION, redis), tmp_path / "trace"
    job = queue.enqueue_call("os.mkdir", (str(trace),))
    worker = JobWorker([queue], redis, Stop(), Instruments())
    execution = worker.prepare_execution(job)
    assert not worker._perform(json.dumps([job.id, queue.name, execution.id]).encode())
    assert not redis.exists(job.key)
    assert not trace.exists()


@pytest.mark.parametrize("has_its_own_group", [False, True])
def test_only_the_job_at_hand_is_told_to_end(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, has_its_own_group: bool
) -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: told.append(number))
    worker = JobWorker([queue_of(SUBMISSION, redis)], redis, Stop(), Instruments())
    try:
        with subprocess.Popen(["sleep", "30"], process_group=0 if has_its_own_group else None) as job:
            monkeypatch.setattr(worker, "_horse_pid", job.pid)
            worker.kill_horse(signal.SIGUSR1)
            assert job.wait(60) == -signal.SIGUSR1
        worker.kill_horse(signal.SIGUSR1)  # it has ended: no signal is sent
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert told == []


def test_a_job_that_does_not_end_is_killed_after_the_worker_is_told_to_stop(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.runner._KILL_SECONDS", 0.0)
    stop = Stop()
    worker = JobWorker([queue_of(SUBMISSION, redis)], redis, stop, Instruments())
    before = signal.signal(signal.SIGRTMIN, signal.SIG_IGN)  # which the job inherits
    try:
        with subprocess.Popen(["sleep", "30"], process_group=0) as job:
            monkeypatch.setattr(worker, "_horse_pid", job.pid)
            worker.handle_warm_shutdown_request()
            assert job.wait(60) == -signal.SIGKILL
    finally:
        signal.signal(signal.SIGRTMIN, before)
    assert stop.is_set()


def test_a_worker_that_is_told_to_stop_before_it_waits_takes_no_job(redis: Redis) -> None:
    queue, stop = queue_of(SUBMISSION, redis), Stop()
    queue.enqueue_call(PURGE)
    stop.set()
    JobWorker([queue], redis, stop, Instruments()).work(burst=True, logging_level="CRITICAL")
    assert queue.count == 1
    assert redis.smembers("rq:workers") == set()


def test_a_worker_waits_until_redis_fails(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = JobWorker([queue_of(SUBMISSION, redis)], redis, Stop(), Instruments())
    answers = Mock(side_effect=[DequeueTimeout(1, ()), RedisConnectionError])
    monkeypatch.setattr(worker.queue_class, "dequeue_any", answers)
    worker.work(logging_level="CRITICAL")
    assert answers.call_count == 2
    assert isinstance(worker.failure, RedisConnectionError)


def test_the_state_is_published_before_other_jobs_run(redis: Redis) -> None:
    queues = [queue_of(surface, redis) for surface in by_priority(ALL_SURFACES)]
    for surface in ALL_SURFACES:
        job = job_of(redis, PURGE, id=f"job-of-{surface}", origin=queue_of(surface, redis).name)
        queue_of(surface, redis).enqueue_job(job)
    found = Queue.dequeue_any(queues, None, connection=redis, serializer=JSONSerializer)
    assert found
    assert found[0].id == f"job-of-{STATUS}"
    assert by_priority(ALL_SURFACES)[1:] == [each for each in ALL_SURFACES if each != STATUS]


def test_jobs_are_counted_by_their_success_and_the_worker_goes_on(
    redis: Redis, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.jobs.purge.context", lambda: service.app.context)
    monkeypatch.setattr("worker.jobs.roll_up_counters.context", lambda: None)  # which raises an error
    monkeypatch.setattr("worker.jobs.mix_stored_rows.context", lambda: os.kill(os.getpid(), signal.SIGKILL))
    queue, instruments = queue_of(SUBMISSION, redis), Instruments()
    for name in ("roll_up_counters", "purge", "mix_stored_rows", "purge"):
        # The entry of one that succeeds is deleted at once.
        queue.enqueue_call(f"worker.jobs.{name}.{name}", result_ttl=0, failure_ttl=100)
    JobWorker([queue], redis, Stop(), instruments).work(burst=True, logging_level="CRITICAL")
    totals = instruments.totals().items()
    counted = {tuple(dict(labels).values()): value for (name, labels), value in totals if name.endswith("jobs_total")}
    assert counted == {
        ("purge", "succeeded"): 2.0,
        ("roll-up-counters", "failed"): 1.0,
        ("mix-stored-rows", "failed"): 1.0,
    }
    assert queue.failed_job_registry.count == 2

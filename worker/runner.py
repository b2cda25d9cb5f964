"""The process that runs jobs from Redis, one at a time; and without Redis, those that are due."""

import importlib
import json
import logging
import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Timer
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DequeueTimeout, DeserializationError, StopRequested
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.worker import HerokuWorker
from rq.worker.base import SHUTDOWN_SIGNAL, WorkerStatus

from app.config import STATUS, Settings
from app.database.redis_connections import check_writable, redis_client
from app.measuring.instruments import Instruments
from app.upkeep.queues import queue_of
from worker.fallback import run_due_jobs
from worker.job_process import JobProcess
from worker.schedule import PERIODIC_JOBS, Slots

_logger = logging.getLogger(__name__)

STOPPED: Final = 0

# RQ waits 15 seconds less than this for a job, and 10 seconds longer for the response of Redis. During a job it sends a
# heartbeat at the second interval. A connection that has died silently is thus given up within 25 seconds.
_WORKER_TTL_SECONDS: Final = 20
_HEARTBEAT_SECONDS: Final = 10
_RETRY_SECONDS: Final = 2.0
# RQ signals a job six seconds after SIGTERM to end. One that is blocked in libpq would not notice.
_KILL_SECONDS: Final = 9.0

_NAMES: Final = {job.function: job.name for job in PERIODIC_JOBS}


class JobWorker(HerokuWorker):
    """Runs only jobs of the schedule, returns when Redis fails, and sets an event when it is told to stop.

    A job is the name of a function and its arguments. RQ calls anything that Python can import, so without this check
    a client with write access to Redis could execute code with all secrets of the worker.
    """

    def __init__(self, queues: list[Queue], redis: Redis, stop: Event, instruments: Instruments) -> None:
        self._stop = stop
        self._instruments = instruments
        self.failure: RedisError | None = None  # that ended the work
        self._process = JobProcess(self._perform, self._become_process)
        super().__init__(
            queues,
            connection=redis,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_TTL_SECONDS,
            job_monitoring_interval=_HEARTBEAT_SECONDS,
        )

    def subscribe(self) -> None:
        """Accept no commands through Redis: a client with write access could end workers and jobs."""

    def teardown(self) -> None:
        """Unregister, but not after Redis has failed: that would only wait once more for it. The entry expires."""
        self._process.abandon()
        if self._stop.is_set():
            super().teardown()  # type: ignore[no-untyped-call]

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, _: int | None = None) -> tuple[Job, Queue] | None:
        """Wait for a job and return it with its queue; return None if Redis fails, where RQ would retry for ever.

        RQ would log an exception. It stops idle workers by raising StopRequested in the signal handler, and logging
        would print that as a failure of its own.
        """
        try:
            return self._next_job(timeout)
        except RedisError as error:
            self.failure = error
            return None

    def _next_job(self, timeout: int | None) -> tuple[Job, Queue] | None:
        self.set_state(WorkerStatus.IDLE)
        while True:
            if self._stop.is_set():  # since before RQ installed its signal handlers
                raise StopRequested
            self.heartbeat()
            if self.should_run_maintenance_tasks:
                self.run_maintenance_tasks()  # type: ignore[no-untyped-call]
            self._process.end_if_idle()
            with suppress(DequeueTimeout):
                return self.queue_class.dequeue_any(
                    self._ordered_queues,
                    timeout,
                    connection=self.connection,
                    job_class=self.job_class,
                    serializer=self.serializer,
                    death_penalty_class=self.death_penalty_class,
                )

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job of the schedule; delete any other."""
        if not is_scheduled(job):
            _logger.error("unknown job refused")  # its name is untrusted, so it is not logged
            job.delete()
            return
        started = time.monotonic()
        super().execute_job(job, queue)
        # Here, and not in the process of the job: it may be killed.
        succeeded = job.get_status() is JobStatus.FINISHED
        self._instruments.count_job(_NAMES[job.func_name or ""], time.monotonic() - started, succeeded=succeeded)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Hand a job to the process of the jobs before it."""
        execution = self.execution
        assert execution is not None  # noqa: S101 - `execute_job` has prepared it
        self._process.run(json.dumps([job.id, queue.name, execution.id]).encode())
        self._horse_pid = self._process.pid

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Wait until the job is done, or its process has ended; return the process and its exit status."""
        return self._process.wait()

    def _become_process(self) -> None:
        """Do in a new process what RQ does in that of a job."""
        random.seed()
        self.setup_work_horse_signals()  # type: ignore[no-untyped-call]
        self._is_horse = True

    def _perform(self, request: bytes) -> bool:
        """Run a job in its process; return whether it succeeded."""
        job_id, queue_name, execution_id = json.loads(request)
        queue = next(queue for queue in self.queues if queue.name == queue_name)
        job = self.job_class.fetch(job_id, connection=self.connection, serializer=self.serializer)
        if not is_scheduled(job):  # it was replaced since it was examined
            _logger.error("unknown job refused")
            job.delete()
            return False
        execution = Execution.fetch(execution_id, job_id, connection=self.connection)
        execution._job = job
        self.execution = execution
        return bool(self.perform_job(job, queue, execution))

    def kill_horse(self, sig: signal.Signals = SHUTDOWN_SIGNAL) -> None:
        """Signal the process of the current job, and no other.

        RQ signals its process group. Until that process has created its own, shortly after it starts, the group is the
        worker's: the signal would end the worker, and everything that was started with it.
        """
        with suppress(ProcessLookupError):
            if os.getpgid(self.horse_pid) == os.getpgrp():
                os.kill(self.horse_pid, sig)
            else:
                super().kill_horse(sig)

    def handle_warm_shutdown_request(self) -> None:
        """Record it, and give the current job a few seconds to finish (see HerokuWorker); then kill it."""
        self._stop.set()
        if self.horse_pid:
            timer = Timer(_KILL_SECONDS, self._kill_job, (self.horse_pid,))
            timer.daemon = True
            timer.start()
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]

    def _kill_job(self, pid: int) -> None:
        """Kill the process of a job, if it still runs. Its transaction is rolled back, and the next run repeats it."""
        if self.horse_pid == pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_scheduled(job: Job) -> bool:
    """Return whether a job is one of the schedule: a known function, without arguments and callbacks."""
    callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)
    try:
        return job.func_name in _NAMES and not (job.args or job.kwargs or job.instance or any(callbacks))
    except DeserializationError:
        return False


def run_jobs(settings: Settings, instruments: Instruments) -> int:
    """Run the jobs of this process's surfaces until SIGTERM; return the exit status.

    While Redis is unreachable, read-only or full, run those that are due without it.
    """
    # RQ sends this signal to a job that must finish soon. A job that has just started has no handler yet, and would be
    # killed.
    signal.signal(signal.SIGRTMIN, signal.SIG_IGN)
    stop, slots = Event(), Slots(settings)
    for job in PERIODIC_JOBS:
        if job.surface in settings.surfaces:  # here, so that the process of the jobs shares the memory of its modules
            importlib.import_module(job.function.rpartition(".")[0])
    while not stop.is_set():
        try:
            _run_queue(settings, stop, instruments)
        except RedisError:
            _logger.exception("Redis unreachable", extra={"role": "worker"})
        except StopRequested:  # raised by RQ's signal handler outside of its loop
            break
        if not stop.is_set():
            _reap_children()
            run_due_jobs(slots, stop, instruments)
            stop.wait(_RETRY_SECONDS)
    return STOPPED


def by_priority(surfaces: Sequence[str]) -> list[str]:
    """Return surfaces in the order in which their queues are emptied: that of status first.

    While a server does not respond, other jobs are added faster than they fail, and the state would never be published.
    """
    return sorted(surfaces, key=lambda surface: surface != STATUS)


def _run_queue(settings: Settings, stop: Event, instruments: Instruments) -> None:
    """Run jobs from the queues until `stop` is set or Redis fails. Raises RedisError, or returns after RQ logged it."""
    _set_on_signals(stop)
    try:
        with redis_client(settings.redis_url, retries=0) as redis:
            check_writable(redis)
        # Another client, because RQ waits longer for a response than is useful before it runs.
        with redis_client(settings.redis_url, retries=0) as redis:
            queues = [queue_of(surface, redis) for surface in by_priority(settings.surfaces)]
            worker = JobWorker(queues, redis, stop, instruments)
            worker.work(logging_level="WARNING")
            if worker.failure is not None:
                raise worker.failure
    finally:
        _set_on_signals(stop)  # in place of RQ's handlers, which raise an exception


def _reap_children() -> None:
    """Collect the exit status of jobs that RQ no longer waits for."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _set_on_signals(stop: Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

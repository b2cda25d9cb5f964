"""Running due jobs without Redis, so that data never outlives its retention because the queue is unusable.

Jobs are idempotent and may run concurrently, so it does not matter that another worker may run the same slot.
"""

import importlib
import logging
import multiprocessing
import signal
import sys
import time
from multiprocessing.process import BaseProcess
from typing import Final

from app.domain.errors import JobFailedError
from app.domain.timeline import utc_now
from app.measuring.instruments import Instruments
from worker.clock import JOB_TIMEOUT_SECONDS
from worker.schedule import Run, Slots
from worker.stopping import Stop

_logger = logging.getLogger(__name__)

# How long a run may continue after SIGTERM, as for jobs from the queue (see HerokuWorker).
_GRACE_SECONDS: Final = 6.0
_POLL_SECONDS: Final = 0.2

_processes = multiprocessing.get_context("fork")


def run_due_jobs(slots: Slots, stop: Stop, instruments: Instruments) -> list[str]:
    """Run every job whose slot is new, each in a process of its own; return the identifiers of the runs."""
    finished = []
    for run in slots.due(utc_now().timestamp()):
        if stop.is_set():
            break
        _logger.warning("job run without Redis", extra={"job": run.job.name})
        process = _processes.Process(target=_perform, args=(run,), name=run.identifier)
        started = time.monotonic()
        process.start()
        _wait_for(process, stop)
        instruments.count_job(run.job.name, time.monotonic() - started, succeeded=process.exitcode == 0)
        slots.mark_done(run)
        finished.append(run.identifier)
    return finished


def _wait_for(process: BaseProcess, stop: Stop) -> None:
    """Wait until a process ends; kill it after the job timeout, or a few seconds after `stop` is set."""
    deadline = time.monotonic() + JOB_TIMEOUT_SECONDS
    while process.is_alive() and time.monotonic() < deadline:
        process.join(_POLL_SECONDS)
        if stop.is_set():
            deadline = min(deadline, time.monotonic() + _GRACE_SECONDS)
    if process.is_alive():
        process.kill()
    process.join()


def _perform(run: Run) -> None:
    """Call the function of a job. It logs its own failure."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the parent process decides when to stop
    module, _, function = run.job.function.rpartition(".")
    try:
        getattr(importlib.import_module(module), function)()
    except JobFailedError:
        sys.exit(1)

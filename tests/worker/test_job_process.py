"""The process that runs one job after another (worker/job_process.py)."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import wait_until
from worker import job_process
from worker.job_process import JobProcess


class Jobs:
    """Jobs that write the number of their process to a file.

    `b"fail"` fails, `b"raise"` raises an error, `b"sleep"` never ends, and `b"told to stop"` gets the worker's signal.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "pids"
        self.process = JobProcess(self._perform, lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))

    def _perform(self, job: bytes) -> bool:
        with self._file.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if job == b"sleep":
            time.sleep(1000)
        if job == b"raise":
            raise EOFError
        if job == b"told to stop":
            os.kill(os.getpid(), signal.SIGTERM)
        return job != b"fail"

    def do(self, *jobs: bytes) -> list[int]:
        """Run jobs; return the numbers of the processes that ran them."""
        before = len(self.pids())
        for job in jobs:
            self.process.run(job)
            assert self.process.wait()[1] == os.EX_OK
        return self.pids()[before:]

    def pids(self) -> list[int]:
        return [int(line) for line in self._file.read_text().split()] if self._file.exists() else []


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(tmp_path)
    yield jobs
    jobs.process.end()


def test_jobs_share_a_process_that_is_not_the_workers(jobs: Jobs) -> None:
    pids = jobs.do(b"1", b"2", b"3")
    assert len(set(pids)) == 1
    assert pids[0] != os.getpid()
    assert os.getpgid(pids[0]) == pids[0], "a signal to the worker's group ends no job"


def test_each_process_is_set_up_before_its_first_job(jobs: Jobs) -> None:
    jobs.do(b"told to stop", b"fail", b"told to stop")


def test_a_job_after_one_that_failed_gets_a_new_process(jobs: Jobs) -> None:
    first, failed, next_one = jobs.do(b"1", b"fail", b"2")
    assert first == failed != next_one


def test_a_process_does_a_limited_number_of_jobs(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_process, "_MOST_JOBS", 2)
    one, two, three = jobs.do(b"1", b"2", b"3")
    assert one == two != three


def test_a_process_that_has_grown_is_replaced(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_process, "_MOST_GROWTH_KB", -1)
    one, two = jobs.do(b"1", b"2")
    assert one != two


def test_a_job_whose_process_is_killed_ends_with_its_status_and_the_next_one_runs(jobs: Jobs) -> None:
    jobs.process.run(b"sleep")
    wait_until(jobs.pids, "the job begins")
    os.kill(jobs.process.pid, signal.SIGKILL)
    pid, status, _ = jobs.process.wait()
    assert (pid, os.WTERMSIG(status)) == (jobs.pids()[0], signal.SIGKILL)
    assert jobs.do(b"2") != [pid]


def test_a_job_that_raises_an_error_is_not_taken_for_done(jobs: Jobs) -> None:
    jobs.process.run(b"raise")
    assert os.waitstatus_to_exitcode(jobs.process.wait()[1]) == 1
    assert len(jobs.do(b"2")) == 1


@pytest.mark.parametrize("is_noticed", [True, False], ids=["before-the-job", "while-the-job-is-sent"])
def test_a_process_that_died_between_two_jobs_is_replaced(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, is_noticed: bool
) -> None:
    (first,) = jobs.do(b"1")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: psutil.Process(first).status() == psutil.STATUS_ZOMBIE, "it has died")
    if not is_noticed:
        monkeypatch.setattr(os, "waitpid", lambda *_: (0, 0))
    (second,) = jobs.do(b"2")
    assert second != first
    assert not psutil.pid_exists(first)


def test_an_idle_process_ends(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = jobs.do(b"1")
    jobs.process.end_if_idle()
    assert psutil.pid_exists(first)
    monkeypatch.setattr(job_process, "_IDLE_SECONDS", -1.0)
    jobs.process.end_if_idle()
    assert not psutil.pid_exists(first)


def test_a_process_ends_with_its_worker(jobs: Jobs) -> None:
    (first,) = jobs.do(b"1")
    jobs.process.abandon()  # as when the worker is killed: the other end of the pipe is closed
    wait_until(lambda: psutil.Process(first).status() == psutil.STATUS_ZOMBIE, "it ends")
    os.waitpid(first, 0)

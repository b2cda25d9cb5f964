"""The process that runs jobs, one after another: forked once, where RQ forks for each job.

A fork and the new connections of its process take as long as a quick job, each time. It is still a process of its own,
so that a job which is blocked in a library can be killed, and one that fails takes nothing with it: after a failure, or
when it has grown, the process ends, and the next job gets a new one.
"""

import gc
import os
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any, Final

_DONE: Final = b"done"
_MOST_JOBS: Final = 1000
_MOST_GROWTH_KB: Final = 64 * 1024
# Between the jobs of one minute, but not from one minute to the next: an idle process holds memory and connections.
_IDLE_SECONDS: Final = 15.0


class JobProcess:
    """At most one process. `perform` runs there, with what `run` sent, and returns whether the job succeeded."""

    def __init__(self, perform: Callable[[bytes], bool], set_up: Callable[[], object]) -> None:
        self._perform, self._set_up = perform, set_up
        self._pipe: Connection | None = None
        self._used = 0.0
        self.pid = 0

    def run(self, job: bytes) -> None:
        """Hand a job to the process, which is forked if there is none."""
        if self._has_ended():
            self._fork()
        assert self._pipe is not None  # noqa: S101 - for the type checker
        try:
            self._pipe.send_bytes(job)
        except OSError:  # it has ended just now, before it could begin
            self.end()
            self._fork()
            self._pipe.send_bytes(job)

    def wait(self) -> tuple[int, int, Any]:
        """Return when the job is done or its process has ended: the number and the exit status of the process."""
        pid, self._used = self.pid, time.monotonic()
        if self._pipe is None:
            return pid, 0, None
        try:
            if self._pipe.recv_bytes() == _DONE:
                return pid, os.EX_OK, None
        except (EOFError, OSError):
            pass
        return self.end()

    def end_if_idle(self) -> None:
        """End the process if it has had no job for a while."""
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self.end()

    def end(self) -> tuple[int, int, Any]:
        """End a process that has no job, or collect one that has ended; return its number and exit status."""
        pid = self.pid
        self.abandon()
        try:
            return os.wait4(pid, 0) if pid else (0, 0, None)
        except ChildProcessError:  # collected elsewhere
            return pid, 0, None

    def abandon(self) -> None:
        """Leave the process to itself: it ends after its job."""
        if self._pipe is not None:
            self._pipe.close()
        self._pipe, self.pid = None, 0

    def _has_ended(self) -> bool:
        """Return whether there is no process any more; one that was killed while it had no job is collected."""
        if not self.pid:
            return True
        try:
            if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                return False
        except ChildProcessError:
            pass
        self.abandon()
        return True

    def _fork(self) -> None:
        ours, theirs = Pipe()
        # A collection in the new process would write to every object, and thus copy the memory that both share.
        gc.collect()
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._serve(theirs)
        theirs.close()
        self._pipe, self.pid, self._used = ours, pid, time.monotonic()

    def _serve(self, pipe: Connection) -> None:
        """Run jobs until the other side closes the pipe. Never returns: this is a copy of the worker."""
        try:
            os.setpgrp()
            self._set_up()
            before = _peak_kilobytes()
            for number in range(1, _MOST_JOBS + 1):
                succeeded = self._perform(pipe.recv_bytes())
                grown = _peak_kilobytes() - before > _MOST_GROWTH_KB
                if not succeeded or grown or number == _MOST_JOBS:
                    os._exit(os.EX_OK)  # which counts as done, and the next job gets a new process
                pipe.send_bytes(_DONE)
        finally:
            os._exit(1)  # also when the worker has ended or has given up waiting, and the pipe is closed


def _peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

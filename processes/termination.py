"""Ending processes, and everything that they started."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable

import psutil  # type: ignore[import-untyped]

_POLL_SECONDS = 0.02


def end(process: "subprocess.Popen[bytes]", first: signal.Signals, seconds: float) -> None:
    """Send `first` to a process that leads its session, wait up to `seconds`, then kill what is left of it."""
    end_all([(process, first)], seconds)


def end_all(
    processes: Iterable[tuple["subprocess.Popen[bytes]", signal.Signals]],
    seconds: float,
    force: Callable[[], bool] = lambda: False,
) -> None:
    """As `end`, for several processes at once: they share the `seconds`. Kill at once when `force` returns true."""
    ending = list(processes)
    families = [(process, family(process.pid)) for process, _ in ending]
    for process, first in ending:
        if process.poll() is None:
            process.send_signal(first)
    deadline = time.monotonic() + seconds
    while _any_runs(ending) and time.monotonic() < deadline and not force():
        time.sleep(_POLL_SECONDS)
    for process, members in families:
        if process.poll() is None:
            process.kill()
            process.wait()
        kill(members + session(process.pid))


def family(pid: int) -> list[psutil.Process]:
    """Return the processes that descend from `pid` now."""
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def session(pid: int) -> list[psutil.Process]:
    """Return the processes of the session that `pid` leads or led: those that outlive a leader killed with SIGKILL."""
    return [process for process in psutil.process_iter() if process.pid != pid and _session_of(process.pid) == pid]


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes at once. A process that reuses the number of one that ended is left alone."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _any_runs(processes: Iterable[tuple["subprocess.Popen[bytes]", signal.Signals]]) -> bool:
    return any(process.poll() is None for process, _ in processes)


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None

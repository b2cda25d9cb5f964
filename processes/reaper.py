"""Runs a command to its end, or to a time limit, and ends every process that came from it, daemons included.

A program of its own, run with `python -I`: only here are orphans of the command, and of nothing else, adopted.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]

TIMED_OUT = 124  # as timeout(1)
_GRACE_SECONDS = 10.0
_PR_SET_CHILD_SUBREAPER = 36
_SIGNALLED = 128


def main(directory: str, seconds: float, argv: list[str]) -> int:
    """Return the command's exit code, as a shell gives it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _handle_signals(_stop)
    try:
        process = subprocess.Popen(argv, cwd=directory, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", flush=True)
        return 127
    try:
        return _exit_code(process.wait(seconds))
    except subprocess.TimeoutExpired:
        print(f"ended after {seconds:g} seconds", flush=True)
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        return TIMED_OUT
    finally:
        _handle_signals(signal.SIG_IGN)
        _end_descendants(process.pid)


def _handle_signals(handler: Callable[..., None] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, handler)


def _stop(*_: object) -> None:
    # A second one, as after Ctrl-C, must not end this process before the descendants.
    _handle_signals(signal.SIG_IGN)
    raise SystemExit(_SIGNALLED + signal.SIGTERM)


def _exit_code(code: int) -> int:
    return _SIGNALLED - code if code < 0 else code


def _end_descendants(leader: int) -> None:
    """Kill all that is left. A process that forks meanwhile is found in the next round."""
    me = psutil.Process()
    while True:
        # Without subreapers, on macOS, only what stayed in the session is found.
        left = [*me.children(recursive=True), *(each for each in psutil.process_iter() if _session(each.pid) == leader)]
        running = [each for each in left if _runs(each)]
        if not running:
            return
        for each in running:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        while _reap():
            pass
        time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _reap() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))

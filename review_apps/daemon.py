"""Keeps processes running after the command that started them has ended: `python -m review_apps.daemon FOLDER`.

A daemon has a folder with `specification.json`, `lock` (held as long as it runs), `pid`, and `ready` (made when every
process was ready).
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from processes.errors import ProcessError
from processes.lock import single_instance
from processes.output import Printer
from processes.supervisor import SUPERVISOR, StopRequestedError, Supervisor
from review_apps import limits
from review_apps.errors import ReviewAppError
from review_apps.logfile import LogFile, last_lines
from review_apps.programs import STOP_SECONDS, managed_process
from review_apps.specification import Specification

_ROOT: Final = Path(__file__).resolve().parent.parent
_DAEMON_SECONDS: Final = 30.0  # that a daemon itself may take to start and to end
_ERROR_LINES: Final = 15
_POLL_SECONDS: Final = 0.05
_INHERITED: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


def start(folder: Path, specification: Specification) -> None:
    """Start a daemon, unless it runs, and return when its processes are ready. Raises ReviewAppError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_running(folder):
        specification.write(folder / "specification.json")
    resume(folder)


def resume(*folders: Path) -> None:
    """Start stopped daemons, all at once, with the processes that they had before; see `start`."""
    daemons = [None if is_running(folder) else _spawn(folder) for folder in folders]
    for folder, daemon in zip(folders, daemons, strict=True):
        _wait(folder, daemon)


def _wait(folder: Path, daemon: "subprocess.Popen[bytes] | None") -> None:
    specification = Specification.read(folder / "specification.json")
    deadline = time.monotonic() + specification.start_seconds + _DAEMON_SECONDS
    while not (folder / "ready").exists():
        # The end of a daemon that another command started is noticed at the deadline.
        if (daemon and daemon.poll() is not None) or time.monotonic() > deadline:
            stop(folder)
            lines = [*last_lines(Path(specification.log), _ERROR_LINES), (folder / "errors").read_text().strip()]
            raise ReviewAppError("its processes do not start; the end of their log:\n" + "\n".join(filter(None, lines)))
        time.sleep(_POLL_SECONDS)


def is_running(folder: Path) -> bool:
    """Return whether the daemon of a folder runs."""
    try:
        with (folder / "lock").open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop(folder: Path, seconds: float = STOP_SECONDS + 10) -> None:
    """Stop a daemon and its processes, and return when they have ended. Idempotent."""
    deadline = time.monotonic() + seconds
    signalled = False
    while is_running(folder):
        pid = _pid(folder)
        if pid and not signalled:
            _signal(pid, signal.SIGTERM)
            signalled = True
        if pid and time.monotonic() > deadline:
            _signal(pid, signal.SIGKILL)  # its processes end with it
            deadline += seconds
        time.sleep(_POLL_SECONDS)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _spawn(folder: Path) -> "subprocess.Popen[bytes]":
    for name in ("ready", "pid"):
        (folder / name).unlink(missing_ok=True)
    with (folder / "errors").open("wb") as errors:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "review_apps.daemon", str(folder)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            env=inherited(),
            start_new_session=True,
        )


def inherited() -> dict[str, str]:
    """Return the variables of this process that a daemon gets.

    Nothing else is for apps, and a runner of hosted checks ends every process that has its variable.
    """
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def process_of(folder: Path) -> "psutil.Process | None":
    """Return the daemon of a folder, if it runs."""
    try:
        return psutil.Process(_pid(folder)) if is_running(folder) else None
    except psutil.NoSuchProcess:
        return None


def _pid(folder: Path) -> int:
    try:
        return int((folder / "pid").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def main(folder: Path) -> int:
    """Run the processes of a folder until a signal asks to stop; return the exit status."""
    specification = Specification.read(folder / "specification.json")
    log = LogFile(Path(specification.log), specification.secrets)
    printer = Printer(log, [SUPERVISOR, *(process.name for process in specification.processes)])  # type: ignore[arg-type]
    try:
        with single_instance(folder):
            _run(folder, specification, printer)
    except StopRequestedError:
        return 0
    except (ProcessError, ReviewAppError) as error:
        printer.write_line(SUPERVISOR, str(error))
        return 1
    return 0


def _run(folder: Path, specification: Specification, printer: Printer) -> None:
    (folder / "pid").write_text(str(os.getpid()))
    supervisor = Supervisor(printer)
    supervisor.handle_signals()
    try:
        managed = [managed_process(process) for process in specification.processes]
        if specification.memory_mb:
            limits.limit_this_process(specification.memory_mb)
            limits.watch(
                specification.memory_mb, specification.most_processes, lambda line: printer.write_line(SUPERVISOR, line)
            )
        for version in filter(None, (each.version for each in managed)):
            supervisor.write_line(version)
        # Those that someone waits for come first: until they are ready, all processor time is theirs.
        first = [each for each, process in zip(managed, specification.processes, strict=True) if process.port]
        supervisor.start(*(each.program for each in first))
        supervisor.wait_for(lambda: all(each.is_ready() for each in first), specification.start_seconds)
        supervisor.join(*(each.program for each in managed if each not in first))
        (folder / "ready").touch()
        supervisor.run()
    finally:
        supervisor.stop()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

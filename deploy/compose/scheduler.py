"""`python -m deploy.compose.scheduler`: a backup every six hours, and every week a rehearsal of the restore.

It does what the timers of a host do. An alarm is sent if one fails, and the next is tried at its time.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.compose.with_secrets import with_secrets

BACKUPS: Final = "/backups"
_HOUR: Final = 3600.0
_POLL_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Task:
    """Something to do at intervals: its module with arguments, its secrets, and when it is next done after a start."""

    name: str
    arguments: tuple[str, ...]
    every: float
    first: float
    secrets: str


TASKS: Final = (
    Task(
        "backup",
        ("deploy.host.backup", BACKUPS, "/run/secrets/backup-recipients"),
        6 * _HOUR,
        60.0,
        "/run/secrets/owner.env",
    ),
    Task(
        "rehearsal",
        ("deploy.host.rehearsal", BACKUPS, "/run/secrets/backup-key"),
        7 * 24 * _HOUR,
        600.0,
        "/run/secrets/owner.env,/run/secrets/rehearsal.env",
    ),
)


def due(task: Task, since_start: float, done: int) -> bool:
    """Return whether a task that was done `done` times is due so many seconds after the start."""
    return since_start >= task.first + done * task.every


def run(task: Task, environment: Mapping[str, str]) -> bool:
    """Do a task; return whether it succeeded. A failure raises an alarm."""
    values = with_secrets({**environment, "SECRETS": task.secrets})
    succeeded = _succeeds([sys.executable, "-m", *task.arguments], values)
    if not succeeded:
        command = [sys.executable, "-m", "deploy.host.alarms", "/run/secrets/alarms.env", f"exposure-alert-{task.name}"]
        subprocess.run(command, check=False)
    return succeeded


def _succeeds(command: list[str], environment: Mapping[str, str]) -> bool:
    """Run a program; return whether it succeeded. If the container is stopped, it deletes its files in clear text."""
    running = subprocess.Popen(command, env=environment)
    try:
        return running.wait() == 0
    except BaseException:
        running.terminate()
        running.wait(_STOP_SECONDS)
        raise


def main() -> None:
    """Do each task whenever it is due, until the container is stopped."""
    # The kernel ignores SIGTERM to the first process of a container, unless it has a handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    started, done = time.monotonic(), dict.fromkeys(TASKS, 0)
    Path(BACKUPS).chmod(0o700)
    while True:
        for task in TASKS:
            if due(task, time.monotonic() - started, done[task]):
                run(task, os.environ)
                done[task] += 1
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    main()

"""A lock on a folder, held by one process at a time."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from processes.errors import ProcessError

# A process that only checks whether the lock is held takes it for a moment.
_ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 0.02


@contextmanager
def single_instance(directory: Path) -> Iterator[None]:
    """Make `directory` and lock it: a second run with the same databases would destroy them.

    The kernel releases the lock when this process ends, however it ends. Raises ProcessError when another run holds
    it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("w") as file:
        if not any(map(_lock, [file] * _ATTEMPTS)):
            raise ProcessError(f"The service is already running in this folder ({directory}).")
        yield


def _lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_PAUSE_SECONDS)
        return False
    return True

"""A lock on a folder, held by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes.errors import ProcessError


@contextmanager
def single_instance(directory: Path) -> Iterator[None]:
    """Make `directory` and lock it: a second run with the same databases would destroy them.

    The kernel releases the lock when this process ends, however it ends. Raises ProcessError when another run holds
    it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProcessError(f"The service is already running in this folder ({directory}).") from None
        yield

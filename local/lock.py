"""One run per folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError


@contextmanager
def only_run_in(directory: Path) -> Iterator[None]:
    """Make `directory` and hold it: a second run with the same databases would destroy them.

    The lock is the kernel's, so it goes when this process does, however it ends. Raises LocalError when another run
    holds it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(f"The service is already running in this folder ({directory}).") from None
        yield

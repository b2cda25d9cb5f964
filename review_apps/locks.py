"""Locks: a command holds that of its app, and for a moment that of the host, so that no app waits for another."""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from review_apps.errors import ReviewAppError

# Bytes of one file, so that no file is left of an app. An app has that of its number; this is the host's.
_HOST: Final = 1 << 40


class BusyError(ReviewAppError):
    """Another command works on the app."""


class Locks:
    """The locks of a folder: any number of threads and processes may ask for them."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def app(self, number: int, *, wait: bool = True) -> AbstractContextManager[None]:
        """Hold the lock of an app. Raises BusyError when another command holds it and `wait` is false."""
        return self._held(number, wait=wait)

    def host(self) -> AbstractContextManager[None]:
        """Hold the lock of what all apps share. Take it after that of an app, never before."""
        return self._held(_HOST, wait=True)

    @contextmanager
    def _held(self, byte: int, *, wait: bool) -> Iterator[None]:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # A lock of the open file and not of the process, so that it also counts between two threads.
        command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
        try:
            try:
                fcntl.fcntl(opened, command, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0))
            except BlockingIOError:
                raise BusyError("another command works on this app") from None
            yield
        finally:
            os.close(opened)

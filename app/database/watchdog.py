"""Hanging up on a database that has fallen silent.

PostgreSQL ends a statement that takes too long by itself, but not while it hangs, or while the network to it swallows
everything: its client library would then wait for as long as that lasts, and with it a phone and a thread.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

_LOOK_SECONDS: Final = 0.5


class Deadline:
    """Ends the connections of those who have waited for longer than `seconds`; their statements raise OperationalError.

    Risky assumption: a connection that is being looked at is not closed, and its number given to another file, within
    the same microseconds. Its owner would have to fail at the very end of the deadline.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[int, tuple[Any, float]] = {}
        self._watched_by = 0

    @contextmanager
    def on(self, driver: Any, seconds: float | None = None) -> Iterator[None]:
        """Watch a connection of psycopg2's until the end of the block, which may take `seconds` if they are given."""
        if self._watched_by != os.getpid():  # a thread does not survive a fork
            self._watch()
        self._until[id(driver)] = (driver, time.monotonic() + (self._seconds if seconds is None else seconds))
        try:
            yield
        finally:
            del self._until[id(driver)]

    def _watch(self) -> None:
        self._until, self._watched_by = {}, os.getpid()
        threading.Thread(target=self._look, args=(self._watched_by,), name="database deadline", daemon=True).start()

    def _look(self, process: int) -> None:
        while self._watched_by == process:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            for driver, until in list(self._until.values()):
                if until < now:
                    _hang_up(driver)


def _hang_up(driver: Any) -> None:
    """Shut the connection's socket down, which wakes whoever waits for it; its owner then closes it."""
    with suppress(OSError, driver.Error), socket.socket(fileno=os.dup(driver.fileno())) as shared:
        shared.shutdown(socket.SHUT_RDWR)

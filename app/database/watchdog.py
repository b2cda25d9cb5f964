"""Closing connections to a database that has stopped responding.

PostgreSQL cancels a statement that takes too long, but not while the server itself hangs or the network drops every
packet. libpq would then wait for as long as that lasts, and block a request and its thread.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

_CHECK_SECONDS: Final = 0.5


class Guard:
    """The deadline of one connection."""

    def __init__(self, driver: Any, seconds: float) -> None:
        self.driver = driver
        self.deadline = time.monotonic() + seconds

    def allow(self, seconds: float) -> None:
        """Set the deadline to `seconds` from now."""
        self.deadline = time.monotonic() + seconds


class Watchdog:
    """Shuts down guarded connections after `seconds`; their statements then raise OperationalError.

    Risky assumption: a connection that is being checked is not closed, and its descriptor reused, within the same
    microseconds. Its owner would have to fail at the very end of the deadline.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._guards: dict[int, Guard] = {}
        self._process = 0  # in which the thread runs: threads do not survive a fork
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End the thread soon after the last guarded connection. The next one starts another."""
        with self._lock:
            self._process, self._thread = 0, None

    @contextmanager
    def guard(self, driver: Any) -> Iterator[Guard]:
        """Guard a psycopg2 connection until the end of the block, and yield its deadline."""
        self._ensure_thread()
        guard = self._guards[id(driver)] = Guard(driver, self.seconds)
        try:
            yield guard
        finally:
            self._guards.pop(id(driver), None)

    def _ensure_thread(self) -> None:
        """Start the thread unless this process has it, however many threads ask at the same time."""
        process = os.getpid()
        if self._process == process:
            return
        with self._lock:
            if self._process != process:
                if self._process:
                    self._guards = {}  # those of the parent process are not ours to enforce
                self._thread = threading.Thread(target=self._run, name="database watchdog", daemon=True)
                self._thread.start()
                self._process = process

    def _run(self) -> None:
        own = threading.current_thread()
        while self._thread is own or (self._thread is None and self._guards):
            time.sleep(_CHECK_SECONDS)
            now = time.monotonic()
            for guard in list(self._guards.values()):
                if guard.deadline < now:
                    _shut_down(guard.driver)


def _shut_down(driver: Any) -> None:
    """Shut down the connection's socket, which wakes the waiting thread; that thread then closes the connection."""
    with suppress(OSError, driver.Error), socket.socket(fileno=os.dup(driver.fileno())) as shared:
        shared.shutdown(socket.SHUT_RDWR)

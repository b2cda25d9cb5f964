"""Waiting until a signal stops the process.

`threading.Event` cannot be used for this. Its lock is held at the begin and the end of `wait`, and a handler that
calls `set` at that moment waits for ever for the thread that it interrupts. Also, a signal that comes just before
`wait` blocks has no effect until its time is over. Bytes in a pipe have neither problem: the interpreter writes one
when the signal arrives, before it calls the handler.
"""

import os
import select
import signal
import time
from contextlib import suppress
from typing import Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Whether the process was told to stop. There is one in a process, which keeps its two file descriptors."""

    def __init__(self) -> None:
        self._is_set = False
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def set_on_signals(self) -> None:
        """Set it on SIGTERM and SIGINT from now on. Only the main thread may call this."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: self.set())

    def set(self) -> None:
        """Let `wait` return, now and later. Signal handlers and any thread may call this."""
        self._is_set = True
        with suppress(BlockingIOError):  # full: `wait` has enough to read
            os.write(self._writer, b"\0")

    def is_set(self) -> bool:
        """Return whether it was set."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, or for some seconds; return whether it is set."""
        deadline = time.monotonic() + seconds
        while not self._is_set and (left := deadline - time.monotonic()) > 0:
            if select.select([self._reader], [], [], left)[0]:
                with suppress(BlockingIOError):  # other signals write to the pipe as well
                    os.read(self._reader, 4096)
        return self._is_set

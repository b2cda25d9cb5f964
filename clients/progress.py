"""A progress bar on a terminal, and nothing elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

Item = TypeVar("Item")

_WIDTH = 30
_SECONDS_BETWEEN = 0.1


class Progress:
    """Shows how far each step of the run is."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to standard error, unless another stream is given."""
        self._stream = stream or sys.stderr
        self._shows = self._stream.isatty()
        self._last = 0.0

    def track(self, step: str, items: Iterable[Item], total: int) -> Iterator[Item]:
        """Hand on the items, and show how many of the total are done."""
        done = 0
        for done, item in enumerate(items, start=1):
            yield item
            self._show(step, done, total)
        if done:
            self._show(step, done, total, always=True)
        self._write("\r\033[K")

    def _show(self, step: str, done: int, total: int, *, always: bool = False) -> None:
        if not always and time.monotonic() - self._last < _SECONDS_BETWEEN:
            return
        self._last = time.monotonic()
        filled = _WIDTH * done // max(total, 1)
        self._write(f"\r{step:<24} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done:,}/{total:,}\033[K")

    def _write(self, text: str) -> None:
        if self._shows:
            self._stream.write(text)
            self._stream.flush()

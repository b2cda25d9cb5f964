"""Waiting for what another process does, whatever the speed of the host."""

import time
from collections.abc import Callable
from typing import TypeVar

_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.2

_T = TypeVar("_T")


def wait_until(condition: Callable[[], _T], what: str, seconds: float = 60) -> _T:
    """Return the first true value of `condition`; fail after `seconds` with `what` was waited for.

    The limit is generous, because hosts are slow: it must never decide whether a test passes.
    """
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what} (last value: {value!r})"
        time.sleep(pause)
        pause = min(1.5 * pause, _LONGEST_PAUSE_SECONDS)
    return value

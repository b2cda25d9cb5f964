"""Ending in order when asked to: what was started is stopped, and its folder removed."""

import signal
from types import FrameType


def stop_in_order_on_sigterm() -> None:
    """Leave by an exception, as Ctrl-C does, so that every `with` is left too."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is Python's
    raise SystemExit(128 + number)

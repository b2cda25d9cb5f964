"""Orderly termination: processes are stopped and temporary folders removed."""

import signal
from types import FrameType


def stop_in_order_on_sigterm() -> None:
    """Raise an exception on SIGTERM, like Ctrl-C, so that every `with` block is left."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is Python's
    raise SystemExit(128 + number)

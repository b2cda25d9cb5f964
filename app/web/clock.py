"""The one place where the application's time comes from, so that a test can hand it another clock."""

from collections.abc import Callable
from datetime import datetime

from flask import current_app

Clock = Callable[[], datetime]


def current_time() -> datetime:
    """Return the present moment, aware and in UTC. For views only: time is an argument everywhere below them."""
    clock: Clock = current_app.extensions["clock"]
    return clock()

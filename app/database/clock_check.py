"""Comparing the clock of this host with the database's."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

_logger = logging.getLogger(__name__)

# A difference that NTP does not leave for long.
TOLERANCE_SECONDS: Final = 2.0
_INTERVAL_SECONDS: Final = 60.0

_DATABASE_TIME = text("SELECT clock_timestamp()")


def compare_clocks(connection: Connection, clock: Callable[[], datetime]) -> tuple[datetime, float]:
    """Return the time by the database's clock, and how many seconds `clock`, this host's, is ahead of it.

    The database reads its clock while its response is awaited: a difference that the wait can explain is 0.
    """
    before = clock()
    time_there: datetime = connection.execute(_DATABASE_TIME).scalar_one()
    after = clock()
    ahead, behind = (before - time_there).total_seconds(), (time_there - after).total_seconds()
    return time_there, max(ahead, 0.0) - max(behind, 0.0)


def database_time(connection: Connection, clock: Callable[[], datetime]) -> datetime:
    """Return the time by the database's clock; log a warning if `clock`, this host's, differs by two seconds."""
    time_there, seconds_ahead = compare_clocks(connection, clock)
    if abs(seconds_ahead) >= TOLERANCE_SECONDS:
        _logger.warning("clock differs from the database's", extra={"seconds": round(seconds_ahead)})
    return time_there


class ClockCheck:
    """Compares the clocks at most once a minute."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._next = 0.0

    def compare(self, connection: Connection) -> None:
        """Compare the clocks if that is due."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _INTERVAL_SECONDS
            database_time(connection, self._clock)

"""Units of time in the protocol. All are UTC and integer divisions of unix time.

hour = unix / 3600, day = unix / 86400, interval = unix / 600 (the ten minutes of a rolling interval).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

SECONDS_PER_INTERVAL: Final = 600
SECONDS_PER_MINUTE: Final = 60
SECONDS_PER_HOUR: Final = 3600
SECONDS_PER_DAY: Final = 86400
MINUTES_PER_HOUR: Final = SECONDS_PER_HOUR // SECONDS_PER_MINUTE
INTERVALS_PER_HOUR: Final = SECONDS_PER_HOUR // SECONDS_PER_INTERVAL
INTERVALS_PER_DAY: Final = SECONDS_PER_DAY // SECONDS_PER_INTERVAL
HOURS_PER_DAY: Final = 24

# The clocks of two processes may differ by this much. What is further in the future was stored before a clock was set
# back.
CLOCK_TOLERANCE: Final = timedelta(minutes=1)


def utc_now() -> datetime:
    """Return the current time, timezone-aware and in UTC. Only views, jobs and commands may call this."""
    return datetime.now(UTC)


def minute_number(moment: datetime) -> int:
    """Return the number of whole minutes since the epoch."""
    return int(moment.timestamp()) // SECONDS_PER_MINUTE


def hour_number(moment: datetime) -> int:
    """Return the number of whole hours since the epoch."""
    return int(moment.timestamp()) // SECONDS_PER_HOUR


def start_of_hour(hour: int) -> datetime:
    """Return the time at which an hour begins."""
    return datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC)


def day_number(moment: datetime) -> int:
    """Return the number of whole days since the epoch."""
    return int(moment.timestamp()) // SECONDS_PER_DAY


def midnight(moment: datetime) -> datetime:
    """Return 00:00 UTC of the moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def oldest_usable_pair(now: datetime, validity_days: int) -> datetime:
    """Return the time that a usable key pair's `created` is strictly later than (rules 51 and 101)."""
    return now - timedelta(days=validity_days)

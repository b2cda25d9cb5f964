"""The three clocks of the protocol, all UTC and all integer division of unix time.

hour = unix / 3600, day = unix / 86400, interval = unix / 600 (a rolling interval of ten minutes).
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


def utc_now() -> datetime:
    """Return the present moment, aware and in UTC. Only a view, a job or a command may call this."""
    return datetime.now(UTC)


def minute_number(moment: datetime) -> int:
    """Return the minutes since the epoch."""
    return int(moment.timestamp()) // SECONDS_PER_MINUTE


def hour_number(moment: datetime) -> int:
    """Return the hours since the epoch."""
    return int(moment.timestamp()) // SECONDS_PER_HOUR


def start_of_hour(hour: int) -> datetime:
    """Return the first moment of an hour number."""
    return datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC)


def day_number(moment: datetime) -> int:
    """Return the days since the epoch."""
    return int(moment.timestamp()) // SECONDS_PER_DAY


def midnight(moment: datetime) -> datetime:
    """Return 00:00 UTC of the moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def oldest_usable_pair(now: datetime, validity_days: int) -> datetime:
    """Return the moment that a key pair's `created` must be strictly newer than (protocol rules 51 and 101)."""
    return now - timedelta(days=validity_days)

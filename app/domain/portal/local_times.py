"""Dates and times of day in a jurisdiction's time zone."""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

STEP_MINUTES: Final = 30
TIMES: Final = tuple(time(minutes // 60, minutes % 60) for minutes in range(0, 24 * 60, STEP_MINUTES))


def instant_of(day: date, clock: time, zone: ZoneInfo, *, is_end: bool = False) -> datetime | None:
    """Return the instant, in UTC, of a local date and time; None if clocks skip it, or it is beyond the calendar.

    A time that occurs twice, when clocks are set back, is the earlier one as the start of a period, and the later one
    as its end, so that the period contains all that may be meant.
    """
    local = datetime.combine(day, clock, zone).replace(fold=1 if is_end else 0)
    try:
        instant = local.astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar
        return None
    exists = instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return instant if exists else None

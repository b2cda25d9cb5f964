"""Which keys an archive holds, and which archives are served (rules 71 to 82 and the table of windows)."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from app.domain.limits import BUNDLE_DAYS, SERVED_DAYS
from app.domain.timeline import (
    HOURS_PER_DAY,
    INTERVALS_PER_DAY,
    INTERVALS_PER_HOUR,
    SECONDS_PER_HOUR,
    day_number,
    hour_number,
)

BUNDLE_PERIOD: Final = 0  # `00000` in a path stands for the whole of the past days


class Unavailable(Enum):
    """Why a period is not served: the HTTP status and the public server's words."""

    CURRENT = (404, "cannot serve data for current period for privacy reasons")
    FUTURE = (404, "cannot request future data")
    PAST = (410, "requested data no longer valid")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[0]

    @property
    def text(self) -> str:
        """The body, without its newline."""
        return self.value[1]


class PeriodUnavailable(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A period that the service does not serve."""

    def __init__(self, reason: Unavailable) -> None:
        super().__init__(reason.name)
        self.reason = reason


@dataclass(frozen=True)
class ExportPolicy:
    """The operator's choices about archives."""

    serve_current_day: bool
    serve_bundle: bool
    publish_active_keys: bool


@dataclass(frozen=True)
class ExportWindow:
    """The keys of one archive.

    Hours are of publication, from `first_hour` up to but not including `end_hour`. Starts are rolling intervals,
    strictly between `after_start` and `before_start` (None: no upper bound).
    """

    period: int
    first_hour: int
    end_hour: int
    published_before_hour: int
    after_start: int
    before_start: int | None

    @property
    def start_seconds(self) -> int:
        """The window's first moment, in unix seconds, as the archive states it (rule 85)."""
        return self.first_hour * SECONDS_PER_HOUR

    @property
    def end_seconds(self) -> int:
        """The moment after the window, in unix seconds, as the archive states it (rule 85)."""
        return self.end_hour * SECONDS_PER_HOUR


def check_period(period: int, now: datetime, policy: ExportPolicy) -> None:
    """Raise PeriodUnavailable unless the period is served at this moment (rules 75 to 78)."""
    today = day_number(now)
    if period == BUNDLE_PERIOD and policy.serve_bundle:
        return
    if period == today and not policy.serve_current_day:
        raise PeriodUnavailable(Unavailable.CURRENT)
    if period > today:
        raise PeriodUnavailable(Unavailable.FUTURE)
    if period < today - SERVED_DAYS:
        raise PeriodUnavailable(Unavailable.PAST)


def export_window(period: int, now: datetime, policy: ExportPolicy) -> ExportWindow:
    """Return what the archive of a period holds at this moment.

    Old days shrink: a key is left out once it starts at or before midnight fourteen days ago (rule 80). Today's
    archive ends with the current hour, since later hours hold keys that are not public yet (defect D18).
    """
    today = day_number(now)
    first_day, end_day = (today - BUNDLE_DAYS, today) if period == BUNDLE_PERIOD else (period, period + 1)
    end_hour = end_day * HOURS_PER_DAY
    return ExportWindow(
        period=period,
        first_hour=first_day * HOURS_PER_DAY,
        end_hour=end_hour,
        published_before_hour=min(end_hour, hour_number(now) + 1),
        after_start=(today - SERVED_DAYS) * INTERVALS_PER_DAY,
        before_start=None if policy.publish_active_keys else end_hour * INTERVALS_PER_HOUR,
    )


def served_periods(now: datetime, policy: ExportPolicy) -> list[int]:
    """Return every period that phones may ask for at this moment, the bundle and today first."""
    today = day_number(now)
    periods = [BUNDLE_PERIOD] if policy.serve_bundle else []
    if policy.serve_current_day:
        periods.append(today)
    return periods + [today - back for back in range(1, SERVED_DAYS + 1)]

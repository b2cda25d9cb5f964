"""Which keys an archive holds, and which archives are served (rules 71 to 82, section Q)."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

from app.domain.errors import PeriodUnavailableError, UnavailablePeriod
from app.domain.limits import BUNDLE_DAYS, SERVED_DAYS
from app.domain.timeline import (
    HOURS_PER_DAY,
    INTERVALS_PER_DAY,
    INTERVALS_PER_HOUR,
    SECONDS_PER_HOUR,
    day_number,
    hour_number,
)

BUNDLE_PERIOD: Final = 0  # `00000` in a path: all past days


class ArchiveKind(Enum):
    """What an archive holds. The value is stored."""

    KEYS = "keys"
    OUTBREAKS = "outbreaks"


class KeyShape(NamedTuple):
    """All of a diagnosis key except its data. Thousands of keys share the few shapes of a day."""

    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None
    days_since_onset_of_symptoms: int | None


@dataclass(frozen=True)
class ExportPolicy:
    """The operator's settings for archives."""

    serve_current_day: bool
    serve_bundle: bool
    publish_active_keys: bool


@dataclass(frozen=True)
class ExportWindow:
    """The keys of one archive.

    `first_hour` (inclusive) and `end_hour` (exclusive) are hours of publication. Rolling start interval numbers are
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
        """The start of the window as the archive states it, in unix seconds (rule 85)."""
        return self.first_hour * SECONDS_PER_HOUR

    @property
    def end_seconds(self) -> int:
        """The end of the window (exclusive) as the archive states it, in unix seconds (rule 85)."""
        return self.end_hour * SECONDS_PER_HOUR


def check_period(period: int, now: datetime, policy: ExportPolicy) -> None:
    """Raise PeriodUnavailableError unless the period is served at this moment (rules 75 to 78)."""
    today = day_number(now)
    if period == BUNDLE_PERIOD and policy.serve_bundle:
        return
    if period == today and not policy.serve_current_day:
        raise PeriodUnavailableError(UnavailablePeriod.CURRENT)
    if period > today:
        raise PeriodUnavailableError(UnavailablePeriod.FUTURE)
    if period < today - SERVED_DAYS:
        raise PeriodUnavailableError(UnavailablePeriod.PAST)


def export_window(period: int, now: datetime, policy: ExportPolicy) -> ExportWindow:
    """Return which keys the archive of a period holds at this moment.

    Archives of old days shrink: a key that starts at or before midnight fourteen days ago is left out (rule 80).
    Today's archive ends with the current hour, because later hours hold keys that are not yet public (defect D18).
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

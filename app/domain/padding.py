"""Padding keys (EXPORT_MINIMUM_KEYS): what they look like, and how many are needed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.domain.limits import MAX_ROLLING_PERIOD, PUBLICATION_SKEW_HOURS, SERVED_DAYS
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_DAY, INTERVALS_PER_HOUR

_DEFAULT_LEVEL: Final = 1


@dataclass(frozen=True)
class KeyTemplate:
    """A diagnosis key without its data, and the day number on which it was published."""

    day: int
    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None = None
    days_since_onset_of_symptoms: int | None = None

    def moved_to(self, day: int) -> "KeyTemplate":
        """Return the template moved to another day of publication."""
        start = self.rolling_start_interval_number + (day - self.day) * INTERVALS_PER_DAY
        return replace(self, day=day, rolling_start_interval_number=start)


def share_of_day(minimum: int, hour: int) -> int:
    """Return how many keys a day must have published by the end of an hour, to reach the minimum at its end."""
    return -(-minimum * (hour % HOURS_PER_DAY + 1) // HOURS_PER_DAY)


def plausible_keys(templates: Sequence[KeyTemplate], hour: int, *, publish_active_keys: bool) -> list[KeyTemplate]:
    """Return templates that can be published in an hour: the given ones, or full days of two weeks if none can."""
    today = hour // HOURS_PER_DAY
    latest_end = (hour - PUBLICATION_SKEW_HOURS) * INTERVALS_PER_HOUR
    earliest_start = (today - SERVED_DAYS) * INTERVALS_PER_DAY
    moved = [
        key
        for key in (template.moved_to(today) for template in templates)
        if key.rolling_start_interval_number > earliest_start
        and (publish_active_keys or key.rolling_start_interval_number + key.rolling_period <= latest_end)
    ]
    return moved or [
        KeyTemplate(today, (today - back) * INTERVALS_PER_DAY, MAX_ROLLING_PERIOD, _DEFAULT_LEVEL)
        for back in range(2, SERVED_DAYS)
    ]

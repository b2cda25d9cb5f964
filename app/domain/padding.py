"""What a made-up exposure key looks like: like a real one of another day (EXPORT_MINIMUM_KEYS)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.domain.limits import MAX_ROLLING_PERIOD, PUBLICATION_SKEW_HOURS, SERVED_DAYS
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_DAY, INTERVALS_PER_HOUR

_DEFAULT_LEVEL: Final = 1


@dataclass(frozen=True)
class KeyTemplate:
    """A key without its data, and the day on which it was published."""

    day: int
    rolling_start_interval_number: int
    rolling_period: int
    transmission_risk_level: int
    report_type: int | None = None
    days_since_onset_of_symptoms: int | None = None

    def moved_to(self, day: int) -> "KeyTemplate":
        """Return the key as if it had been published on another day."""
        start = self.rolling_start_interval_number + (day - self.day) * INTERVALS_PER_DAY
        return replace(self, day=day, rolling_start_interval_number=start)


def share_of_day(minimum: int, hour: int) -> int:
    """Return how many keys the day should have published by the end of an hour to have the minimum at its own."""
    return -(-minimum * (hour % HOURS_PER_DAY + 1) // HOURS_PER_DAY)


def plausible_keys(templates: Sequence[KeyTemplate], hour: int, *, publish_active_keys: bool) -> list[KeyTemplate]:
    """Return the templates as they could be published in an hour; if none could, whole days of a fortnight."""
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

"""Alerts: a place, a period and a severity. Of one place, no two alerts have a time in common."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# What phones tell their owners. The public service withdrew its severity 3.
ISOLATE_AND_TEST: Final = 1
SELF_MONITOR: Final = 2
SEVERITIES: Final = (ISOLATE_AND_TEST, SELF_MONITOR)
# An older date is a slip: phones keep their visits for two weeks.
MAX_AGE: Final = timedelta(days=365)


class AlertState(StrEnum):
    """What has become of an alert: stored here, acknowledged by submission, or refused by it."""

    RECORDED = "recorded"
    SENT = "sent"
    FAILED = "failed"


class AlertProblem(StrEnum):
    """Why an alert is not possible."""

    ORDER = "order"
    FUTURE = "future"
    AGE = "age"
    OVERLAP = "overlap"


@dataclass(frozen=True)
class Period:
    """From an instant until another one, which is not part of it."""

    starts: datetime
    ends: datetime

    def overlaps(self, other: "Period") -> bool:
        """Return whether both have an instant in common."""
        return self.starts < other.ends and other.starts < self.ends


def find_problem(period: Period, earlier: Iterable[Period], now: datetime) -> AlertProblem | None:
    """Return why an alert is not possible for a place that has alerts for the periods `earlier`; None if it is."""
    if period.ends <= period.starts:
        return AlertProblem.ORDER
    if period.ends > now:
        return AlertProblem.FUTURE
    if period.starts < now - MAX_AGE:
        return AlertProblem.AGE
    return AlertProblem.OVERLAP if any(period.overlaps(each) for each in earlier) else None

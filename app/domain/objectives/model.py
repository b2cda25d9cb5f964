"""What an objective is, what is counted for it, and the result of an evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Final

from app.domain.objectives.selectors import Selector
from app.domain.timeline import HOURS_PER_DAY, MINUTES_PER_HOUR

MINUTES_PER_DAY: Final = HOURS_PER_DAY * MINUTES_PER_HOUR


class Severity(StrEnum):
    """How soon a person must act: at once, or within days."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True)
class MinuteCounts:
    """How many events of one minute were good, and how many there were."""

    minute: datetime
    good: int
    total: int


@dataclass(frozen=True)
class Counts:
    """How many events were good, and how many there were."""

    good: int
    total: int

    @property
    def bad(self) -> int:
        """How many events were bad."""
        return self.total - self.good


@dataclass(frozen=True)
class BurnRateAlert:
    """When to alert: the budget is spent at `factor` times the sustainable rate, or faster, in both windows.

    There must also be at least `minimum_bad` bad events in the long window: at night, one failure of two requests is
    a rate of 500 at a target of 99.9 %, and no reason to wake a person.
    """

    severity: Severity
    factor: float
    long_minutes: int
    short_minutes: int
    minimum_bad: int


# Chapter 5 of the Site Reliability Workbook; the minimum is ours.
WORKBOOK_ALERTS: Final = (
    BurnRateAlert(Severity.PAGE, 14.4, 60, 5, 5),
    BurnRateAlert(Severity.PAGE, 6, 360, 30, 5),
    BurnRateAlert(Severity.TICKET, 3, 1440, 120, 5),
    BurnRateAlert(Severity.TICKET, 1, 4320, 360, 5),
)


@dataclass(frozen=True)
class Objective:
    """A share of events that must be good over a rolling window, and when its error budget is spent too fast.

    `name` is in lower case with hyphens, `part` a part of the status page; `titles` are by language, en and fr.
    `good` and `total` select the counters whose increments are added.
    """

    name: str
    part: str
    titles: Mapping[str, str]
    good: Selector
    total: Selector
    target: float
    window_days: int
    alerts: tuple[BurnRateAlert, ...] = WORKBOOK_ALERTS

    @cached_property
    def budget(self) -> Fraction:
        """The share of events that may be bad: exactly 1/1000 for a target of 0.999."""
        return 1 - Fraction(str(self.target))

    @property
    def window_minutes(self) -> int:
        """The window in minutes."""
        return self.window_days * MINUTES_PER_DAY

    @cached_property
    def alert_windows(self) -> tuple[int, ...]:
        """The windows of the alerts in minutes, shortest first."""
        return tuple(
            sorted({minutes for alert in self.alerts for minutes in (alert.long_minutes, alert.short_minutes)})
        )

    def threshold(self, alert: BurnRateAlert) -> Fraction:
        """Return the share of bad events from which an alert fires."""
        return Fraction(str(alert.factor)) * self.budget


@dataclass(frozen=True)
class FiringAlert:
    """An objective whose budget is spent at `factor` times the sustainable rate, or faster, in both windows."""

    objective: str
    severity: Severity
    factor: float
    long_minutes: int
    short_minutes: int


@dataclass(frozen=True)
class Evaluation:
    """An objective at one moment.

    `ratio` is None without events, as are rates. `budget_left` is 1 for an unspent budget, 0 for a spent one, and
    negative below. `burn_rates` are by the minutes of their window.
    """

    objective: str
    ratio: float | None
    budget_left: float
    burn_rates: Mapping[int, float | None]
    firing: tuple[FiringAlert, ...]

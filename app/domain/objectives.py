"""Objectives: what share of requests, or of checks, must succeed over a window of days.

The words are those of OpenSLO; alerts by burn rate over two windows follow chapter 5 of the Site Reliability Workbook.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# A counter's name, and its labels in the order of their names.
SeriesKey = tuple[str, tuple[tuple[str, str], ...]]


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

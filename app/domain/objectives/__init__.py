"""Objectives: what share of requests, or of checks, must succeed over a window of days.

The words are those of OpenSLO; alerts by burn rate over two windows follow chapter 5 of the Site Reliability Workbook.
`selectors` name counters, `indicators` reduces their increments to counts of a minute, `evaluation` evaluates them, and
`onset` finds out when an alert's cause began.
"""

from app.domain.objectives.evaluation import evaluate, evaluate_sums, time_left, windows_of
from app.domain.objectives.indicators import SeriesKey, count_minute
from app.domain.objectives.model import (
    BurnRateAlert,
    Counts,
    Evaluation,
    FiringAlert,
    MinuteCounts,
    Objective,
    Severity,
)
from app.domain.objectives.onset import began
from app.domain.objectives.selectors import Matcher, Selector

__all__ = [
    "BurnRateAlert",
    "Counts",
    "Evaluation",
    "FiringAlert",
    "Matcher",
    "MinuteCounts",
    "Objective",
    "Selector",
    "SeriesKey",
    "Severity",
    "began",
    "count_minute",
    "evaluate",
    "evaluate_sums",
    "time_left",
    "windows_of",
]

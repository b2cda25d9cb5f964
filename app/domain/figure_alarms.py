"""Alarms about figures of the service that are not objectives: a warning and a critical threshold for each.

The thresholds of codes, keys and refused requests are those of the public service, which were alarms of its
infrastructure. They are for its volumes: a service of another size sets FIGURE_THRESHOLDS.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.objectives import Selector, SeriesKey, Severity
from app.domain.timeline import SECONDS_PER_MINUTE


class Kind(StrEnum):
    """How readings become the value of an alarm: their sum over a window, or the newest of the window."""

    SUM = "sum"
    LEVEL = "level"


@dataclass(frozen=True)
class FigureThreshold:
    """An alarm: above `warning` or `critical` in the last `window_seconds`. Levels have no selector.

    `parts` are those of the status page that are concerned.
    """

    figure: str
    kind: Kind
    window_seconds: int
    warning: int
    critical: int
    selector: Selector | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A figure in the minute that begins at `minute`: what was counted in it, or a level at its time."""

    figure: str
    minute: datetime
    count: int


@dataclass(frozen=True)
class FigureAlarm:
    """A figure above a threshold."""

    figure: str
    severity: Severity
    value: int
    threshold: int
    window_seconds: int


# Requests are counted by class of status. Of these classes, nearly all are 401.
_4XX: Final = 'exposure_alert_requests_total{{route=~"{route}",status="4xx"}}'
# Not of the status page: as long as there is no document yet, each of its responses is 503.
_5XX: Final = 'exposure_alert_requests_total{status="5xx",surface!="status"}'
_REFUSED: Final = (60, 100)
_ERRORS: Final = (1, 10)
_FIVE_MINUTES: Final = 300
# Levels are recorded every five minutes; an older one does not describe the present.
_LEVEL_SECONDS: Final = 900


def _level(figure: str, warning: int, critical: int) -> FigureThreshold:
    return FigureThreshold(figure, Kind.LEVEL, _LEVEL_SECONDS, warning, critical)


def _sum(figure: str, seconds: int, thresholds: tuple[int, int], selector: str, *parts: str) -> FigureThreshold:
    return FigureThreshold(figure, Kind.SUM, seconds, *thresholds, Selector.parse(selector), parts)


THRESHOLDS: Final = (
    _level("unclaimed_codes", 250, 400),
    _level("claimed_codes", 3000, 4500),
    _level("diagnosis_keys", 9000, 13_500),
    _sum("refused_code_requests", _FIVE_MINUTES, _REFUSED, _4XX.format(route="/new-key-claim(/.*)?"), "issuing"),
    _sum("refused_claims", _FIVE_MINUTES, _REFUSED, _4XX.format(route="/claim-key"), "claiming"),
    _sum("refused_uploads", _FIVE_MINUTES, _REFUSED, _4XX.format(route="/upload"), "uploading"),
    _sum("server_errors", SECONDS_PER_MINUTE, _ERRORS, _5XX),
    _sum("failed_jobs", SECONDS_PER_MINUTE, _ERRORS, 'exposure_alert_jobs_total{result="failed"}', "jobs"),
)
LEVELS: Final = tuple(each.figure for each in THRESHOLDS if each.kind is Kind.LEVEL)
# What processes counted in a minute is folded by the end of the following one.
FOLDING_TIME: Final = timedelta(minutes=1)
OLDEST_READING: Final = FOLDING_TIME + timedelta(minutes=1, seconds=max(each.window_seconds for each in THRESHOLDS))


def count_series(increments: Mapping[SeriesKey, float]) -> dict[str, int]:
    """Return the figures that are counted, from the increments of a minute's series; only those that are not zero."""
    counted: Counter[str] = Counter()
    for (metric, labels), increment in increments.items():
        for each in THRESHOLDS:
            selector = each.selector
            if selector is not None and selector.metric == metric and selector.matches(dict(labels)):
                counted[each.figure] += round(increment)
    return {figure: count for figure, count in counted.items() if count}


def with_changes(changes: Mapping[str, tuple[int, int]]) -> tuple[FigureThreshold, ...]:
    """Return all thresholds, some of them with another (warning, critical)."""
    return tuple(
        replace(each, warning=changes[each.figure][0], critical=changes[each.figure][1])
        if each.figure in changes
        else each
        for each in THRESHOLDS
    )


def figure_alarms(
    readings: Iterable[Reading], now: datetime, thresholds: Iterable[FigureThreshold] = THRESHOLDS
) -> list[FigureAlarm]:
    """Return the figures above a threshold, in the order of `thresholds`, each with the higher one that it exceeds."""
    known = list(readings)
    alarms = (_alarm(each, value_of(each, known, now)) for each in thresholds)
    return [alarm for alarm in alarms if alarm is not None]


def value_of(threshold: FigureThreshold, readings: Iterable[Reading], now: datetime) -> int | None:
    """Return what is compared with the thresholds: a sum over the newest minutes that are folded, or a level.

    None is a level without a reading.
    """
    minute = now.replace(second=0, microsecond=0)
    end = minute - FOLDING_TIME if threshold.kind is Kind.SUM else now
    first = end - timedelta(seconds=threshold.window_seconds)
    own = [each for each in readings if each.figure == threshold.figure and first <= each.minute < end]
    if threshold.kind is Kind.SUM:
        return sum(each.count for each in own)
    return max(own, key=lambda each: each.minute).count if own else None


def _alarm(threshold: FigureThreshold, value: int | None) -> FigureAlarm | None:
    if value is None or value <= threshold.warning:
        return None
    severity, exceeded = (
        (Severity.PAGE, threshold.critical) if value > threshold.critical else (Severity.TICKET, threshold.warning)
    )
    return FigureAlarm(threshold.figure, severity, value, exceeded, threshold.window_seconds)

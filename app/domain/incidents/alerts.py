"""Alerts: which check or objective is in breach, since when, and how much of the service that affects.

Only one alert of a key fires at a time. It belongs to the incident that was open when it fired, and later to another
one if failures after the end of that incident keep it firing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.incidents.states import Impact
from app.domain.objectives import Severity

# Parts of the service without which a phone neither warns anyone nor is warned.
_ESSENTIAL: Final = frozenset({"issuing", "claiming", "uploading", "downloading"})


class Source(StrEnum):
    """What an alert comes from: a probe of the monitor, the budget of an objective, or the threshold of a figure."""

    CHECK = "check"
    OBJECTIVE = "objective"
    FIGURE = "figure"


@dataclass(frozen=True, order=True)
class AlertKey:
    """Of which at most one alert fires: the name of a check or of an objective, and how urgent it is."""

    source: Source
    name: str
    severity: Severity


@dataclass(frozen=True)
class Detection:
    """An alert that fires: since when, and which parts of the service it concerns.

    `window`: for how long failures that are over keep it firing.
    """

    key: AlertKey
    at: datetime
    parts: tuple[str, ...]
    window: timedelta = timedelta(0)


@dataclass(frozen=True)
class Ending:
    """An alert that no longer fires, and since when."""

    key: AlertKey
    at: datetime


def impact_of(detections: Iterable[Detection]) -> Impact:
    """Return the impact of alerts: major if one is urgent and concerns what phones and health authorities need."""
    is_major = any(each.key.severity is Severity.PAGE and _ESSENTIAL & set(each.parts) for each in detections)
    return Impact.MAJOR if is_major else Impact.MINOR


def worse(first: Impact, second: Impact) -> Impact:
    """Return the greater impact."""
    return Impact.MAJOR if Impact.MAJOR in (first, second) else Impact.MINOR


def parts_of(known: Iterable[str], detections: Iterable[Detection]) -> tuple[str, ...]:
    """Return the parts of an incident with those of alerts, in order and once each."""
    return tuple(dict.fromkeys([*known, *(part for each in detections for part in each.parts)]))


def most_urgent(detections: Iterable[Detection]) -> Severity:
    """Return the severity of the most urgent alert; of none, that of the least urgent."""
    return Severity.PAGE if any(each.key.severity is Severity.PAGE for each in detections) else Severity.TICKET

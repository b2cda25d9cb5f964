"""What the status page publishes of each part of the service: its state, its history by day, planned work.

Pure: minutes, incidents and the time are arguments. Texts are by language, `en` and `fr`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.incidents.public import PublicIncident, Texts
from app.domain.incidents.states import ONGOING, Impact, State
from app.domain.objectives import Counts, MinuteCounts
from app.domain.portal.suppression import in_steps

# The parts of the service, in the order of the page.
PARTS: Final = ("issuing", "claiming", "uploading", "downloading", "portal", "sharing", "jobs")
# Of these, every part except downloads, which are served from files and caches, needs PostgreSQL for all that it does.
SERVED_WITHOUT_DATABASE: Final = frozenset({"downloading"})

HISTORY_DAYS: Final = 90
# As in agreements on the level of a service: a minute in which more than five percent fail is one of downtime. Half
# is the border between a part that is slow or unreliable and one that does not work.
DEGRADED_SHARE: Final = 0.05
OUTAGE_SHARE: Final = 0.5
# With few requests, one failure is a large share. It takes two in the last minutes to change the state of a part, and
# three minutes to change that of a day.
_MIN_FAILURES: Final = 2
_MIN_MINUTES: Final = 3
CURRENT_MINUTES: Final = 5
# How far ahead the clock of the host that wrote a status document may be. More than between processes of the service:
# a document that is ignored leaves readers with an old one.
DOCUMENT_CLOCK_TOLERANCE: Final = timedelta(minutes=5)


class PartState(StrEnum):
    """How a part of the service works."""

    OPERATIONAL = "operational"
    PLANNED = "planned"  # work that was announced
    DEGRADED = "degraded"
    OUTAGE = "outage"
    UNKNOWN = "unknown"  # nothing was measured


_SEVERITY: Final = {
    PartState.UNKNOWN: 0,
    PartState.OPERATIONAL: 1,
    PartState.PLANNED: 2,
    PartState.DEGRADED: 3,
    PartState.OUTAGE: 4,
}


def worst(states: Iterable[PartState]) -> PartState:
    """Return the most severe state; unknown if there is none."""
    return max(states, key=_SEVERITY.__getitem__, default=PartState.UNKNOWN)


@dataclass(frozen=True)
class PlannedWork:
    """Work on parts of the service, from `begins` until `ends`, and when it was announced."""

    number: int
    titles: Texts
    parts: tuple[str, ...]
    begins: datetime
    ends: datetime
    announced: datetime

    def is_active(self, moment: datetime) -> bool:
        """Return whether the work takes place at this moment. What fails before it is announced is not planned."""
        return max(self.begins, self.announced) <= moment < self.ends


@dataclass(frozen=True)
class DayRecord:
    """A part on one day: how many of the measured minutes were good, and the worst state that lasted three minutes."""

    day: date
    state: PartState
    good_minutes: int = 0
    measured_minutes: int = 0

    @property
    def share(self) -> float | None:
        """The share of good minutes; None if nothing was measured."""
        return self.good_minutes / self.measured_minutes if self.measured_minutes else None


@dataclass(frozen=True)
class ObjectiveRecord:
    """An objective, and how many events were good within its window."""

    name: str
    part: str
    titles: Texts
    target: float
    window_days: int
    counts: Counts

    @property
    def achieved(self) -> float | None:
        """The share of good events; None without events."""
        return self.counts.good / self.counts.total if self.counts.total else None

    @property
    def budget_left(self) -> float | None:
        """The share of the error budget that is left: 1 if nothing failed, negative if more failed than it allows."""
        if self.achieved is None:
            return None
        return 1 - (1 - self.achieved) / (1 - self.target)


def published_counts(counts: Counts) -> Counts:
    """Return the counts of an objective that may be published every minute: see `in_steps`.

    What has failed is exact, since it decides whether a release is kept. It is a failure of the service, or a code that
    was never issued, and reveals no diagnosis.
    """
    total = in_steps(counts.total)
    return Counts(max(total - counts.bad, 0), total)


def state_of_counts(good: int, total: int) -> PartState:
    """Return the state that the share of failures means."""
    if total == 0:
        return PartState.UNKNOWN
    failed = (total - good) / total
    if failed >= OUTAGE_SHARE:
        return PartState.OUTAGE
    return PartState.DEGRADED if failed > DEGRADED_SHARE else PartState.OPERATIONAL


def is_ongoing(incident: PublicIncident) -> bool:
    """Return whether an incident is not resolved."""
    return incident.state in ONGOING


def state_of_incident(incident: PublicIncident) -> PartState:
    """Return the state of the parts that an ongoing incident concerns."""
    is_outage = incident.impact is Impact.MAJOR and incident.state is not State.MITIGATED
    return PartState.OUTAGE if is_outage else PartState.DEGRADED


def current_state(objectives: Iterable[Sequence[MinuteCounts]]) -> PartState:
    """Return the state of a part from the last minutes of each of its objectives; unknown without events."""
    states = []
    for minutes in objectives:
        good, total = sum(each.good for each in minutes), sum(each.total for each in minutes)
        is_noise = 0 < total - good < _MIN_FAILURES
        states.append(PartState.OPERATIONAL if is_noise else state_of_counts(good, total))
    return worst(states)


def record_day(day: date, objectives: Iterable[Sequence[MinuteCounts]], planned: Sequence[PlannedWork]) -> DayRecord:
    """Return the record of a part on a day, from the minutes of each of its objectives.

    A minute has the worst state of the objectives that had events in it. During planned work a bad minute is not
    measured.
    """
    minutes: dict[datetime, PartState] = {}
    for each in (each for counts in objectives for each in counts):
        state = worst((minutes.get(each.minute, PartState.UNKNOWN), state_of_counts(each.good, each.total)))
        if state in (PartState.DEGRADED, PartState.OUTAGE) and any(work.is_active(each.minute) for work in planned):
            state = PartState.PLANNED
        minutes[each.minute] = state
    counted = {state: sum(each is state for each in minutes.values()) for state in PartState}
    measured = len(minutes) - counted[PartState.UNKNOWN] - counted[PartState.PLANNED]
    return DayRecord(day, _state_of_day(counted), counted[PartState.OPERATIONAL], measured)


def _state_of_day(counted: Mapping[PartState, int]) -> PartState:
    outage, degraded = counted[PartState.OUTAGE], counted[PartState.DEGRADED]
    if outage >= _MIN_MINUTES:
        return PartState.OUTAGE
    if outage + degraded >= _MIN_MINUTES:
        return PartState.DEGRADED
    if counted[PartState.PLANNED] >= _MIN_MINUTES:
        return PartState.PLANNED
    return PartState.OPERATIONAL if sum(counted.values()) > counted[PartState.UNKNOWN] else PartState.UNKNOWN


def last_minutes(minutes: Iterable[MinuteCounts], now: datetime) -> list[MinuteCounts]:
    """Return those of the last minutes that determine the current state. The newest takes a while to be counted."""
    begin = now - timedelta(minutes=CURRENT_MINUTES + 2)
    return [each for each in minutes if begin <= each.minute <= now]

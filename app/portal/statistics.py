"""Figures of a jurisdiction: codes issued, claimed and not claimed in time, by day. Small counts are hidden."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.database.database import Database
from app.domain.errors import PortalPageMissingError
from app.domain.portal.alerts import AlertState
from app.domain.portal.jurisdictions import HIDING_ORDER, JURISDICTIONS
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.domain.portal.suppression import PublishedCounts, suppress
from app.store import counters
from app.store.portal import places

DAYS: Final = 30
ALL: Final = "all"
_OTHERS: Final = "others"  # labels of tokens that belong to no jurisdiction
MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "issued": ("OTKGenerated", "OTKRegenerated"),
    "claimed": ("OTKClaimed",),
    "expired": ("OTKUnclaimed",),
}


@dataclass(frozen=True)
class DayFigures:
    """The figures of a day, by measure; None is hidden."""

    day: date
    figures: Mapping[str, int | None]


@dataclass(frozen=True)
class OutbreakFigures:
    """How many places are registered, and how many alerts were sent in the last 30 days.

    They are not about people, so that small ones are shown.
    """

    places: int
    alerts: int


@dataclass(frozen=True)
class Statistics:
    """Reads the counters of submission.

    Only whole days are shown: a count that grows during a day would reveal each increase. There are no totals of
    several days: those of two periods that overlap would reveal the days in which they differ.
    """

    database: Database

    def days(self, person: Person, jurisdiction: str, now: datetime) -> list[DayFigures]:
        """Return the figures of the last 30 whole days (UTC), the oldest first, of a jurisdiction or of all.

        Raises PortalPageMissingError if there is no such jurisdiction, or the person may not see it.
        """
        if not _may_see(person, jurisdiction):
            raise PortalPageMissingError
        return [
            DayFigures(day, {measure: _of(published, jurisdiction) for measure, published in measures.items()})
            for day, measures in self._published(now).items()
        ]

    def outbreaks(self, person: Person, jurisdiction: str, now: datetime) -> OutbreakFigures:
        """Return the figures of places; raise PortalPageMissingError as `days` does."""
        if not _may_see(person, jurisdiction):
            raise PortalPageMissingError
        code = None if jurisdiction == ALL else jurisdiction
        with self.database.session() as session:
            return OutbreakFigures(
                places.count(session, code),
                places.count_alerts(session, code, AlertState.SENT, now - timedelta(days=DAYS)),
            )

    def by_jurisdiction(self, person: Person, now: datetime) -> Mapping[str, Sequence[DayFigures]]:
        """Return the figures of every jurisdiction that a person may see, and of all together."""
        published = self._published(now)
        return {
            code: [
                DayFigures(day, {measure: _of(each, code) for measure, each in measures.items()})
                for day, measures in published.items()
            ]
            for code in (*JURISDICTIONS, ALL)
            if _may_see(person, code)
        }

    def _published(self, now: datetime) -> dict[date, dict[str, PublishedCounts]]:
        """Return the counts of each day and measure, hidden for all jurisdictions together, for every reader alike."""
        days = [now.date() - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
        with self.database.autocommit() as connection:
            rows = counters.events_between(connection, days[0], days[-1])
        counts: dict[tuple[date, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys((*HIDING_ORDER, _OTHERS), 0))
        measure_of = {name: measure for measure, names in MEASURES.items() for name in names}
        for row in rows:
            if measure := measure_of.get(row.identifier):
                counts[row.day, measure][row.source if row.source in JURISDICTIONS else _OTHERS] += row.count
        return {day: {measure: suppress(counts[day, measure]) for measure in MEASURES} for day in days}


def _of(published: PublishedCounts, jurisdiction: str) -> int | None:
    return published.total if jurisdiction == ALL else published.counts[jurisdiction]


def _may_see(person: Person, jurisdiction: str) -> bool:
    if jurisdiction == ALL:
        return person.may(Right.STATISTICS) and person.may(Right.EVERYWHERE)
    return jurisdiction in JURISDICTIONS and person.may(Right.STATISTICS, jurisdiction)

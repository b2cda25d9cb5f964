"""The figures of the service for the team: with small counts, and with alarms."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.database.database import Database
from app.domain.errors import PortalPageMissingError
from app.domain.figures import ALL, OTHERS, oldest_day
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.figures.readings import FigureNow, FigureReadings
from app.figures.series import FiguresOfDay, by_place
from app.store import daily_figures

_DEFAULT_DAYS: Final = 30


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class TeamFigures:
    """Reads the figures of days as they were counted."""

    database: Database
    readings: FigureReadings

    def days(self, person: Person, place: str, period: Period) -> list[FiguresOfDay]:
        """Return the days of a place that have figures, oldest first.

        Raises PortalPageMissingError if there is no such place, or the person may not see it.
        """
        if place not in self.places(person):
            raise PortalPageMissingError
        return self.by_place(person, period).get(place, [])

    def by_place(self, person: Person, period: Period) -> dict[str, list[FiguresOfDay]]:
        """Return the days of every place that the person may see."""
        with self.database.autocommit() as connection:
            rows = daily_figures.counts_between(connection, period.first, period.last)
        allowed = self.places(person)
        return dict(by_place(row for row in rows if row.place in allowed))

    def places(self, person: Person) -> list[str]:
        """Return the places whose figures a person may see."""
        if person.may(Right.FIGURES) and person.may(Right.EVERYWHERE):
            return [ALL, *JURISDICTIONS, OTHERS]
        return [code for code in JURISDICTIONS if person.may(Right.FIGURES, code)]

    def alarms(self, person: Person, now: datetime) -> list[FigureNow]:
        """Return the figures that have thresholds. They are of the whole service: nothing for one jurisdiction."""
        return self.readings.now(now) if person.may(Right.FIGURES) and person.may(Right.EVERYWHERE) else []


def period_of(first: date | None, last: date | None, now: datetime) -> Period:
    """Return the period that a person chose, within the days that are kept; by default the last 30 whole days."""
    oldest, newest = oldest_day(now), now.date() - timedelta(days=1)
    end = min(max(last or newest, oldest), newest)
    begin = min(max(first or end - timedelta(days=_DEFAULT_DAYS - 1), oldest), end)
    return Period(begin, end)

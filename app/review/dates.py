"""Dates and durations in the reader's language, where no script is needed to show them. All in UTC."""

from datetime import date, datetime

from app.domain.timeline import MINUTES_PER_HOUR
from app.web.i18n import Catalogue


def long_date(texts: Catalogue, day: date) -> str:
    """Return a day in full, such as `November 20, 2026`."""
    month = texts("date.months").split()[day.month - 1]
    number = texts("date.first") if day.day == 1 else str(day.day)
    return texts("date.day", day=number, month=month, year=day.year)


def long_moment(texts: Catalogue, moment: datetime) -> str:
    """Return a moment in full, to the minute."""
    return texts("date.moment", day=long_date(texts, moment.date()), hour=f"{moment:%H}", minute=f"{moment:%M}")


def lifetime(texts: Catalogue, minutes: int) -> str:
    """Return a number of minutes in words: in hours, if these are whole."""
    hours, rest = divmod(minutes, MINUTES_PER_HOUR)
    unit, count = ("minutes", minutes) if rest or not hours else ("hours", hours)
    return texts(f"date.{unit}.{'one' if count == 1 else 'other'}", count=count)

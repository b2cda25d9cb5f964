"""Dates, times and durations in the reader's language, from CLDR."""

from datetime import date, datetime, time
from typing import Final

from babel.dates import format_date, format_skeleton, get_timezone_name
from babel.units import format_unit

from app.domain.timeline import HOURS_PER_DAY, MINUTES_PER_HOUR
from app.web.i18n import Catalogue

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def long_date(texts: Catalogue, day: date) -> str:
    """Return a date in full, such as `November 20, 2026`."""
    text = format_date(day, "long", locale=texts.cldr_locale)
    # CLDR has no ordinals, which French has for the first of a month only.
    return f"1er{text[1:]}" if texts.language == "fr" and day.day == 1 else text


def long_moment(texts: Catalogue, moment: datetime) -> str:
    """Return a date and time in full, to the minute, such as `November 20, 2026, 13:45 UTC`, in the moment's zone."""
    return f"{long_date(texts, moment.date())}, {clock_time(texts, moment)}"


def clock_time(texts: Catalogue, moment: datetime) -> str:
    """Return a time of day, to the minute, with its zone, such as `13:45 EST`."""
    zone = get_timezone_name(moment, width="short", locale=texts.cldr_locale)
    return f"{_hours_and_minutes(texts, moment)}{_NO_BREAK}{zone}"


def time_of_day(texts: Catalogue, clock: time) -> str:
    """Return a time of day, to the minute, without a zone, such as `13:45`."""
    return _hours_and_minutes(texts, datetime.combine(date.min, clock))


def _hours_and_minutes(texts: Catalogue, moment: datetime) -> str:
    # French has spaces in a time, `13 h 45`, at which no line may break.
    return format_skeleton("Hm", moment, locale=texts.cldr_locale).replace(" ", _NO_BREAK)


def duration(texts: Catalogue, minutes: int, *, in_days: bool = False) -> str:
    """Return a number of minutes in words: in hours if they are whole, such as `24 hours`; with `in_days`, `1 day`."""
    hours, rest = divmod(minutes, MINUTES_PER_HOUR)
    if in_days and hours and not rest and hours % HOURS_PER_DAY == 0:
        return format_unit(hours // HOURS_PER_DAY, "duration-day", "long", locale=texts.cldr_locale)
    if rest or not hours:
        return format_unit(minutes, "duration-minute", "long", locale=texts.cldr_locale)
    return format_unit(hours, "duration-hour", "long", locale=texts.cldr_locale)

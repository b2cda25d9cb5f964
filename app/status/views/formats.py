"""Moments, shares and texts of the status page, in the reader's language and the authority's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_gmt
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from app.domain.incidents.public import PublicEvent
from app.domain.incidents.timeline import EventKind
from app.domain.objectives.model import MINUTES_PER_DAY
from app.domain.timeline import HOURS_PER_DAY, MINUTES_PER_HOUR
from app.web.dates import clock_time, duration, long_date, time_of_day
from app.web.i18n import LANGUAGES, Catalogue
from app.web.percentages import percentage

# The texts of events that have none of their own.
_EVENTS: Final[Mapping[str, str]] = {
    EventKind.OPENED: "event.opened",
    EventKind.ACKNOWLEDGED: "event.acknowledged",
    EventKind.MITIGATED: "event.mitigated",
    EventKind.REOPENED: "event.reopened",
    EventKind.RESOLVED: "event.resolved",
}
_MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Formats:
    """Formats values for one language and time zone."""

    texts: Catalogue
    zone: ZoneInfo

    def moment(self, moment: datetime) -> str:
        """Return a date and time with its zone and offset: `November 20, 2026, 13:45 EST (UTC−05:00)`."""
        return f"{long_date(self.texts, moment.astimezone(self.zone).date())}, {self.time(moment)}"

    def time(self, moment: datetime) -> str:
        """Return a time of day with its zone and offset: `13:45 EST (UTC−05:00)`."""
        local = moment.astimezone(self.zone)
        offset = get_timezone_gmt(local, "iso8601", locale=self.texts.cldr_locale).replace("-", _MINUS)
        hour = clock_time(self.texts, local)
        return f"{hour} (UTC{offset})" if local.utcoffset() else hour

    def span(self, begin: datetime, end: datetime) -> str:
        """Return a span of time: its end has a date, and its beginning a zone, only if they differ."""
        first, last = begin.astimezone(self.zone), end.astimezone(self.zone)
        hour = time_of_day(self.texts, first.time())
        beginning = f"{self.day(first.date())}, {hour}" if first.utcoffset() == last.utcoffset() else self.moment(begin)
        ending = self.time(end) if first.date() == last.date() else self.moment(end)
        return self.texts("moment.span", begin=beginning, end=ending)

    def day_of(self, moment: datetime) -> date:
        """Return the day of a moment in the time zone."""
        return moment.astimezone(self.zone).date()

    def day(self, day: date) -> str:
        """Return a date in full: `November 20, 2026`."""
        return long_date(self.texts, day)

    def short_day(self, day: date) -> str:
        """Return a date in short: `Nov 20, 2026`."""
        return format_date(day, "medium", locale=self.texts.cldr_locale)

    def share(self, share: float | None) -> str:
        """Return a share in percent with two digits: never rounded up, so `100%` is all."""
        if share is None:
            return self.texts("day.unknown")
        return percentage(self.texts, share, 2, ".00" if share < 1 else "")

    def share_whole(self, share: float) -> str:
        """Return a share in whole percent, never rounded up."""
        return percentage(self.texts, share, 0)

    def target(self, share: float) -> str:
        """Return a target in percent, with the digits that it has: `99.9%`."""
        return percentage(self.texts, share, 3, ".###")

    def number(self, number: float) -> str:
        """Return a number with separators."""
        return format_decimal(number, locale=self.texts.cldr_locale)

    def minutes(self, begin: datetime, end: datetime) -> str:
        """Return how long something lasted, in words."""
        minutes = max(1, round((end - begin).total_seconds() / 60))
        parts = zip((MINUTES_PER_DAY, MINUTES_PER_HOUR, 1), _split(minutes), strict=True)
        return " ".join(duration(self.texts, unit * number, in_days=True) for unit, number in parts if number)

    def text(self, texts: Mapping[str, str]) -> str:
        """Return the text of the language; that of another if there is none."""
        return texts.get(self._language_of(texts), "")

    def marked_text(self, texts: Mapping[str, str]) -> Markup:
        """Return the same text for HTML. One of another language names that, so that it is read aloud correctly."""
        language, text = self._language_of(texts), self.text(texts)
        if language == self.texts.language:
            return escape(text)
        return Markup('<span lang="{}">{}</span>').format(Catalogue(language, {}).locale, text)

    def event(self, event: PublicEvent) -> str:
        """Return the text of an event, or what its kind means."""
        return self.text(event.texts) or self._meaning(event)

    def marked_event(self, event: PublicEvent) -> Markup:
        """Return the same for HTML, as `marked_text` does."""
        return self.marked_text(event.texts) if self.text(event.texts) else escape(self._meaning(event))

    def _meaning(self, event: PublicEvent) -> str:
        return self.texts(_EVENTS.get(event.kind, "event.other"))

    def _language_of(self, texts: Mapping[str, str]) -> str:
        return next((each for each in (self.texts.language, *LANGUAGES) if texts.get(each)), self.texts.language)

    def paragraphs_of(self, text: str) -> list[str]:
        """Return the paragraphs of a text in the language, which empty lines separate."""
        return [each.strip() for each in text.replace("\r\n", "\n").split("\n\n") if each.strip()]


def _split(minutes: int) -> tuple[int, int, int]:
    """Return whole days, hours and minutes."""
    hours, rest = divmod(minutes, MINUTES_PER_HOUR)
    return (hours // HOURS_PER_DAY, hours % HOURS_PER_DAY, rest)


def iso(moment: datetime) -> str:
    """Return a moment for the attribute of a `time` element."""
    return moment.isoformat(timespec="seconds")

"""The daily digest: yesterday's figures, objectives, incidents and alarms, in English and French."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

from app.domain.figure_alarms import FigureAlarm
from app.domain.figures import PUBLIC_FIGURES
from app.domain.incidents.public import PublicIncident
from app.domain.objectives import Severity
from app.domain.portal.suppression import THRESHOLD
from app.domain.status import ObjectiveRecord
from app.figures.series import FiguresOfDay
from app.web.dates import long_date, long_moment
from app.web.i18n import LANGUAGES, Catalogue, load_catalogue
from app.web.percentages import percentage

_LINE: Final = "\n\n" + "-" * 60 + "\n\n"

_ALARMS: Final = {Severity.TICKET: "digest.alarm.ticket", Severity.PAGE: "digest.alarm.page"}


@dataclass(frozen=True)
class Digest:
    """What a digest reports. `figures` is None if the day has none, `written_at` if no status was published.

    `figures` are the published ones: an e-mail is forwarded, and leaves the service without its protection.
    """

    sent_on: date
    day: date  # of the figures
    figures: FiguresOfDay | None
    written_at: datetime | None
    is_stale: bool
    objectives: Sequence[ObjectiveRecord]
    incidents: Sequence[PublicIncident]
    alarms: Sequence[FigureAlarm]


@dataclass(frozen=True)
class Sender:
    """Where a digest comes from: the service's name by language, its status page, and its time zone."""

    names: dict[str, str]
    address: str | None
    zone: ZoneInfo


def subject_of(digest: Digest, sender: Sender) -> str:
    """Return the subject in every language."""
    catalogues = [load_catalogue("figures", language) for language in LANGUAGES]
    return " / ".join(
        t("digest.subject", name=sender.names[t.language], date=long_date(t, digest.sent_on)) for t in catalogues
    )


def text_of(digest: Digest, sender: Sender) -> str:
    """Return the text in every language, one after the other."""
    return _LINE.join(_in_language(digest, sender, load_catalogue("figures", language)) for language in LANGUAGES)


def _in_language(digest: Digest, sender: Sender, t: Catalogue) -> str:
    def section(title: str, lines: Sequence[str], nothing: str) -> str:
        return "\n".join([title, "", *(f"- {line}" for line in lines)] if lines else [title, "", nothing])

    stale = (
        [t("digest.stale", moment=long_moment(t, digest.written_at.astimezone(sender.zone)))]
        if digest.is_stale and digest.written_at
        else []
    )
    objectives = [*stale, *(_objective(each, t) for each in digest.objectives)]
    incidents = [_incident(each, sender, t) for each in digest.incidents]
    alarms = [_alarm(each, t) for each in digest.alarms]
    parts = [
        section(t("digest.figures", day=long_date(t, digest.day)), _figures(digest, t), t("digest.no_figures")),
        section(t("digest.objectives"), objectives, t("digest.no_objectives")),
        section(t("digest.incidents"), incidents, t("digest.none")),
        section(t("digest.alarms"), alarms, t("digest.none.alarms")),
    ]
    if sender.address:
        parts.append(t("digest.link", address=f"{sender.address.rstrip('/')}/status/{t.language}"))
    return "\n\n".join(parts)


def _figures(digest: Digest, t: Catalogue) -> list[str]:
    if digest.figures is None:
        return []
    colon = "\N{NO-BREAK SPACE}:" if t.language == "fr" else ":"
    lines = []
    for figure in PUBLIC_FIGURES:
        count = digest.figures.counts.get(figure)
        shown = t("digest.hidden", threshold=THRESHOLD) if count is None else _number(count, t)
        lines.append(f"{t(f'{figure.value}.name')}{colon} {shown}")
    return lines


def _objective(record: ObjectiveRecord, t: Catalogue) -> str:
    title, target = record.titles[t.language], percentage(t, record.target, 3, ".###")
    if record.achieved is None or record.budget_left is None:
        return t("digest.objective.unknown", title=title, target=target)
    achieved = percentage(t, record.achieved, 3, ".###")
    left = percentage(t, record.budget_left, 0)
    return t("digest.objective", title=title, achieved=achieved, target=target, left=left)


def _incident(incident: PublicIncident, sender: Sender, t: Catalogue) -> str:
    began = long_moment(t, incident.began.astimezone(sender.zone))
    return t("digest.incident", number=incident.number, title=incident.titles[t.language], began=began)


def _alarm(alarm: FigureAlarm, t: Catalogue) -> str:
    text = t(f"alarm.{alarm.figure}")
    values = {"figure": text, "value": _number(alarm.value, t), "threshold": _number(alarm.threshold, t)}
    return t(_ALARMS[alarm.severity], **values)


def _number(number: int, t: Catalogue) -> str:
    return format_decimal(number, locale=t.cldr_locale)

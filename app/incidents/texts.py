"""The texts that the service writes itself: titles, events of timelines, and drafts. In every language."""

from collections.abc import Mapping
from typing import Final

from app.domain.incidents.checks import Check
from app.domain.incidents.timeline import Event, EventKind
from app.web.i18n import LANGUAGES, Catalogue, load_catalogue

_GROUP: Final = "incidents"
_CHECK_TITLES: Final[Mapping[str, str]] = {
    Check.DATABASE: "title.database",
    Check.DATABASE_LATENCY: "title.database_latency",
    Check.REDIS: "title.redis",
    Check.WORKER: "title.worker",
    Check.CLOCK: "title.clock",
    Check.ARCHIVE_FRESHNESS: "title.archives",
    Check.PURGE_LAG: "title.purge",
    Check.QUEUE_LAG: "title.queue",
    Check.STATUS_FOLDER: "title.folder",
}
_FIGURE_TITLES: Final[Mapping[str, str]] = {
    "unclaimed_codes": "title.figure.unclaimed_codes",
    "claimed_codes": "title.figure.claimed_codes",
    "diagnosis_keys": "title.figure.diagnosis_keys",
    "refused_code_requests": "title.figure.refused_code_requests",
    "refused_claims": "title.figure.refused_claims",
    "refused_uploads": "title.figure.refused_uploads",
    "server_errors": "title.figure.server_errors",
    "failed_jobs": "title.figure.failed_jobs",
}
_SUBJECTS: Final[Mapping[str, str]] = {
    Check.DATABASE: "subject.database",
    Check.DATABASE_LATENCY: "subject.database_latency",
    Check.REDIS: "subject.redis",
    Check.WORKER: "subject.worker",
    Check.CLOCK: "subject.clock",
    Check.ARCHIVE_FRESHNESS: "subject.archives",
    Check.PURGE_LAG: "subject.purge",
    Check.QUEUE_LAG: "subject.queue",
    Check.STATUS_FOLDER: "subject.folder",
}
_EVENTS: Final[Mapping[EventKind, str]] = {
    EventKind.OPENED: "event.opened",
    EventKind.ALERT_FIRED: "event.fired",
    EventKind.ALERT_ENDED: "event.ended",
    EventKind.DEPLOY: "event.deploy",
    EventKind.SETTING: "event.setting",
    EventKind.MIGRATION: "event.migration",
    EventKind.ACKNOWLEDGED: "event.acknowledged",
    EventKind.MITIGATED: "event.mitigated",
    EventKind.REOPENED: "event.reopened",
    EventKind.RESOLVED: "event.resolved",
    EventKind.REVIEWED: "event.reviewed",
    EventKind.PUBLISHED: "event.published",
}
_PARTS: Final[Mapping[str, str]] = {
    "issuing": "part.issuing",
    "claiming": "part.claiming",
    "uploading": "part.uploading",
    "downloading": "part.downloading",
    "portal": "part.portal",
    "sharing": "part.sharing",
    "jobs": "part.jobs",
}


def catalogue(language: str) -> Catalogue:
    """Return the texts of incidents in a language."""
    return load_catalogue(_GROUP, language)


def title_of_check(check: str) -> dict[str, str]:
    """Return the title, by language, of an incident that a check opens."""
    return {language: catalogue(language)(_CHECK_TITLES[check]) for language in LANGUAGES}


def title_of_objective(titles: Mapping[str, str]) -> dict[str, str]:
    """Return the title, by language, of an incident that an objective of these titles opens."""
    return {language: catalogue(language)("title.objective", objective=titles[language]) for language in LANGUAGES}


def title_of_figure(figure: str) -> dict[str, str]:
    """Return the title, by language, of an incident that a figure above its threshold opens."""
    return {language: catalogue(language)(_FIGURE_TITLES[figure]) for language in LANGUAGES}


def figure_text(figure: str, language: str) -> str:
    """Return the name of a figure that has thresholds; an unknown one is its own name."""
    return load_catalogue("figures", language).texts.get(f"alarm.{figure}", figure)


def event_text(event: Event, language: str) -> str:
    """Return an event in words; a note that is in the other language only, in that."""
    if event.kind is EventKind.NOTE:
        notes = _notes(event)
        return notes.get(language) or next(iter(notes.values()), "")
    texts = catalogue(language)
    subject = event.subject
    if event.kind in (EventKind.ALERT_FIRED, EventKind.ALERT_ENDED):
        subject = texts(_SUBJECTS[subject]) if subject in _SUBJECTS else figure_text(subject, language)
    return texts(_EVENTS[event.kind], subject=subject)


def event_language(event: Event, language: str) -> str:
    """Return the language of what `event_text` returns."""
    return language if language in event_texts(event) else next(iter(event_texts(event)), language)


def event_texts(event: Event) -> dict[str, str]:
    """Return an event in words by language, a note in those that it has."""
    if event.kind is EventKind.NOTE:
        return _notes(event)
    return {language: event_text(event, language) for language in LANGUAGES}


def _notes(event: Event) -> dict[str, str]:
    return {language: text for language, text in (("en", event.text), ("fr", event.text_fr)) if text}


def part_text(part: str, language: str) -> str:
    """Return the name of a part of the service; an unknown one is its own name."""
    return catalogue(language)(_PARTS[part]) if part in _PARTS else part

"""The first draft of a report, made from the timeline and the figures when an incident is resolved."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from babel.numbers import format_decimal
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.domain.errors import ConfigurationError
from app.domain.incidents.reports import Draft, Figure, Report
from app.domain.incidents.timeline import Event, EventKind, window
from app.domain.portal.suppression import THRESHOLD
from app.incidents.objectives import MeasuredObjectives
from app.incidents.records import IncidentRecord, record_of
from app.incidents.texts import catalogue, event_text
from app.store.incidents import events, reports
from app.store.incidents.incidents import Incident
from app.web.dates import duration, long_moment
from app.web.i18n import LANGUAGES, Catalogue

_logger = logging.getLogger(__name__)

SERVICE: Final = "service"
_CHANGES: Final = (EventKind.DEPLOY, EventKind.SETTING, EventKind.MIGRATION)


def store_draft(session: Session, row: Incident, measured: MeasuredObjectives, now: datetime) -> None:
    """Store the draft of an incident that was resolved, unless there is a report."""
    session.flush()
    incident = record_of(row)
    end = incident.mitigated or incident.resolved or now
    figures = _figures(session, measured, incident.began, end)
    near = events.near(session, row.id, *window(incident.began, incident.resolved, now))
    draft = Draft(make_draft(incident, near, figures), 1, SERVICE, now, figures)
    reports.add(session, row.id, draft)


def _figures(session: Session, measured: MeasuredObjectives, begin: datetime, end: datetime) -> tuple[Figure, ...]:
    """Return what the objectives lost; nothing if that cannot be found out: an incident must be resolved anyway."""
    try:
        with session.begin_nested():
            return tuple(measured.figures(session.connection(), begin, end))
    except (SQLAlchemyError, ConfigurationError) as error:
        _logger.error("figures of an incident unavailable", extra={"reason": type(error).__name__})
        return ()


def make_draft(incident: IncidentRecord, near: Sequence[Event], figures: Sequence[Figure]) -> Report:
    """Return a report in which only the contributing causes and what was luck remain to be written."""
    sections = {language: _sections(incident, near, figures, catalogue(language)) for language in LANGUAGES}
    return Report(sections)


def _sections(
    incident: IncidentRecord, near: Sequence[Event], figures: Sequence[Figure], texts: Catalogue
) -> dict[str, str]:
    resolved = incident.resolved or incident.began
    summary = texts(
        "draft.summary",
        title=incident.titles[texts.language],
        began=long_moment(texts, incident.began),
        resolved=long_moment(texts, resolved),
    )
    return {
        "summary": summary,
        "impact": _impact(incident, figures, texts),
        "causes": _causes(near, texts),
        "went_well": _went_well(incident, texts),
        "luck": "",
    }


def _impact(incident: IncidentRecord, figures: Sequence[Figure], texts: Catalogue) -> str:
    lines = [texts("draft.minutes", duration=duration(texts, incident.minutes or 0))]
    lines += [
        texts(
            "draft.figure" if figure.total else "draft.few",
            objective=figure.titles.get(texts.language, figure.objective),
            failed=_number(texts, figure.failed),
            total=_number(texts, figure.total or THRESHOLD),
            share=_number(texts, round(figure.budget_spent * 100, 1)),
        )
        for figure in figures
    ]
    return "\n".join(lines if figures else [*lines, texts("draft.no_figures")])


def _causes(near: Sequence[Event], texts: Catalogue) -> str:
    changes = [event for event in near if event.kind in _CHANGES]
    if not changes:
        return texts("draft.nothing_near")
    lines = [f"- {long_moment(texts, event.at)}: {event_text(event, texts.language)}" for event in changes]
    return "\n".join([texts("draft.near"), *lines])


def _went_well(incident: IncidentRecord, texts: Catalogue) -> str:
    sentences = [texts("draft.told" if incident.urgency is None else "draft.noticed")]
    if incident.acknowledged is not None:
        minutes = max(0, round((incident.acknowledged - incident.began).total_seconds() / 60))
        sentences.append(texts("draft.acknowledged", duration=duration(texts, minutes)))
    return " ".join(sentences)


def _number(texts: Catalogue, value: float) -> str:
    return format_decimal(value, locale=texts.cldr_locale)

"""What is published of an incident: while it lasts, its states; afterwards its report, frozen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.domain.incidents.public import (
    PublicAction,
    PublicEvent,
    PublicFigure,
    PublicIncident,
    PublicReport,
    PublicVersion,
)
from app.domain.incidents.reports import Action, Draft, Report, changed_sections
from app.domain.incidents.states import Impact
from app.domain.incidents.timeline import PUBLIC_KINDS, Event, EventKind
from app.incidents.records import IncidentRecord
from app.incidents.texts import event_texts
from app.store.incidents.reports import PublishedReport

# Not part of a published timeline: notes that their author did not publish, and what follows the incident.
_AFTERWARDS: Final = frozenset({EventKind.REVIEWED, EventKind.PUBLISHED})
# Among the names of the sections that have changed, this one is for title, impact and parts of the incident.
_FACTS_CHANGED: Final = "facts"


def public_incident(
    incident: IncidentRecord, events: Sequence[Event], published: Sequence[PublishedReport]
) -> PublicIncident:
    """Return what the public may know of an incident. `events` are its own; `published` are oldest first."""
    shown = [each for each in events if each.kind in PUBLIC_KINDS or each.is_public]
    facts = _facts(incident) | (published[-1].content if published else {})
    return PublicIncident(
        number=incident.number,
        titles=facts["titles"],
        state=incident.state,
        impact=Impact(facts["impact"]),
        parts=tuple(facts["parts"]),
        began=incident.began,
        mitigated=incident.mitigated,
        resolved=incident.resolved,
        events=tuple(PublicEvent(each.at, each.kind.value, event_texts(each)) for each in shown),
        report=_report(published) if published else None,
    )


def frozen(
    incident: IncidentRecord, draft: Draft, near: Sequence[Event], earlier: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the content of a version of a report. `earlier` is that of the version before it."""
    shown = [each for each in near if each.kind not in _AFTERWARDS and (each.kind != EventKind.NOTE or each.is_public)]
    facts = _facts(incident)
    changed = changed_sections(Report.from_json(earlier["report"]), draft.report) if earlier else ()
    if earlier and any(earlier.get(name, value) != value for name, value in facts.items()):
        changed = (_FACTS_CHANGED, *changed)
    return {
        **facts,
        "minutes": incident.minutes or 0,
        "report": draft.report.to_json(),
        "figures": [each.__dict__ for each in draft.figures],
        "timeline": [
            {"at": each.at.isoformat(), "kind": each.kind.value, "texts": event_texts(each)} for each in shown
        ],
        "changed": list(changed),
    }


def _facts(incident: IncidentRecord) -> dict[str, Any]:
    """Return what is published of the incident itself, and frozen with its report."""
    titles = {language: title for language, title in incident.own_titles.items() if title}
    return {"titles": titles, "impact": incident.impact.value, "parts": list(incident.parts)}


def _report(published: Sequence[PublishedReport]) -> PublicReport:
    content = published[-1].content
    report = Report.from_json(content["report"])
    return PublicReport(
        sections=report.sections,
        actions=tuple(_action(each) for each in report.actions),
        figures=tuple(PublicFigure(**each) for each in content["figures"]),
        minutes=content["minutes"],
        timeline=tuple(
            PublicEvent(datetime.fromisoformat(each["at"]), each["kind"], each["texts"]) for each in content["timeline"]
        ),
        versions=tuple(
            PublicVersion(each.version, each.published, tuple(each.content["changed"])) for each in published
        ),
    )


def _action(action: Action) -> PublicAction:
    return PublicAction({"en": action.en, "fr": action.fr}, action.owner, action.due)

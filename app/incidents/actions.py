"""Actions of a report as issues of a tracker: in GitHub's form, and in Markdown for any other."""

import json

from app.domain.incidents.reports import Action
from app.incidents.records import IncidentRecord

_LABELS = ("incident-action",)


def as_issues(incident: IncidentRecord, actions: tuple[Action, ...], link: str | None) -> str:
    """Return one JSON object a line: the body of a request to GitHub that creates an issue."""
    issues = (
        {"title": _in_line(action.en), "body": _body(incident, action, link), "labels": list(_LABELS)}
        for action in actions
    )
    return "\n".join(json.dumps(each, ensure_ascii=False) for each in issues)


def as_markdown(incident: IncidentRecord, actions: tuple[Action, ...]) -> str:
    """Return a list of tasks."""
    lines = [f"## Actions of incident {incident.number}: {_in_line(incident.titles['en'])}", ""]
    lines += [f"- [ ] {_in_line(action.en)} ({_in_line(action.owner)}, {_due(action)})" for action in actions]
    return "\n".join(lines)


def _body(incident: IncidentRecord, action: Action, link: str | None) -> str:
    lines = [
        f"Incident {incident.number}: {incident.titles['en']}",
        f"Owner: {action.owner}",
        _due(action).capitalize(),
    ]
    return "\n\n".join([*lines, action.fr] + ([link] if link else []))


def _due(action: Action) -> str:
    return f"due {action.due.isoformat()}" if action.due else "no due date"


def _in_line(text: str) -> str:
    """Return a text in one line."""
    return " ".join(text.split())

"""The audit log: search, and export."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from app.domain.portal.audit_criteria import Criteria
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.local_times import instant_of
from app.domain.portal.rights import Right
from app.portal.audit_trail import Entry
from app.portal.views import pages
from app.portal.views.arguments import day_argument, number_argument
from app.portal.views.blueprint import READ, PortalBlueprint
from app.portal.views.people import current_person
from app.portal.views.people_forms import jurisdiction_choices
from app.web.context import current_context, current_time
from app.web.spreadsheets import csv_lines

audit = PortalBlueprint("audit")

_COLUMNS: Final = ("number", "time", "actor", "action", "target", "jurisdiction", "details", "keyed hash")
_FILTERS: Final = ("person", "action", "jurisdiction", "since", "until")
_PREFIX: Final = "audit.action."
_FIELD: Final = "audit.field."
_NOTHING: Final = "–"
_EMPTY: Final[tuple[object, ...]] = (None, "", [])
_MAX_CHARACTERS: Final = 100


@dataclass(frozen=True)
class Change:
    """A value of an entry's details; `before` is None unless the entry replaced a value."""

    name: str
    before: str | None
    after: str


@audit.page("/audit", right=Right.AUDIT, methods=READ)
def log() -> Response:
    """Show a page of entries that meet the criteria in the address."""
    viewer, before = current_person(), number_argument("before")
    entries, following = current_context().portal.audit_trail.search(viewer, _criteria(), before)
    given = {name: request.args[name] for name in _FILTERS if request.args.get(name)}
    actions = {key.removeprefix(_PREFIX): text for key, text in pages.texts().below(_PREFIX).items()}
    return pages.render(
        "audit/audit.html",
        entries=[(entry, changes(entry.details)) for entry in entries],
        following=following,
        is_first=before is None,
        given=given,
        query=urlencode(given),
        actions=actions,
        sorted_actions=sorted(actions.items(), key=lambda pair: pair[1]),
        choices=jurisdiction_choices() if Right.EVERYWHERE in viewer.rights else None,
    )


@audit.page("/audit/entries.csv", right=Right.AUDIT, methods=READ)
def export() -> Response:
    """Return the entries that meet the criteria, as comma-separated values."""
    entries = current_context().portal.audit_trail.export(current_person(), _criteria(), current_time())
    response = Response(csv_lines(_COLUMNS, _rows(entries)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return response


def changes(details: Mapping[str, Any]) -> list[Change]:
    """Return the values of an entry's details: of those before and after only what differs, and no empty new ones."""
    before, after = details.get("before") or {}, details.get("after") or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        before, after = {"value": before}, {"value": after}
    replaced = [
        Change(
            _label(name), _readable(name, before[name]) if name in before else None, _readable(name, after.get(name))
        )
        for name in _in_order({**before, **after})
        if (before[name] != after.get(name) if name in before else after[name] not in _EMPTY)
    ]
    others = [
        Change(_label(name), None, _readable(name, value))
        for name, value in details.items()
        if name not in ("before", "after") and value not in _EMPTY
    ]
    return replaced + others


def _in_order(values: Mapping[str, Any]) -> list[str]:
    """Return the names of values in alphabetical order, except that `ends` follows `starts`."""
    return sorted(values, key=lambda name: "starts." if name == "ends" else name)


def _label(name: str) -> str:
    """Return the label of a value in the language of the page, or its name if there is none."""
    return pages.texts().texts.get(f"{_FIELD}{name}", name)


def _readable(name: str, value: object) -> str:
    """Return a value in the language of the page: names of roles, rights and jurisdictions, and times."""
    known, text = pages.texts().texts, str(value)
    if isinstance(value, list):
        return ", ".join(known.get(f"right.{each}", str(each)) for each in value) or _NOTHING
    if name in ("starts", "ends"):
        return _moment(text)
    if name == "jurisdiction" and text in JURISDICTIONS:
        return JURISDICTIONS[text].names[pages.texts().language]
    if value in _EMPTY:
        return _NOTHING
    shortened = text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"  # exports have all of it
    return known.get(f"{name}.{text}") or known.get(f"announcements.{name}.{text}") or shortened


def _moment(text: str) -> str:
    try:
        return pages.moment(datetime.fromisoformat(text))
    except ValueError:
        return text


def _rows(entries: Iterator[Entry]) -> Iterator[list[object]]:
    for entry in entries:
        details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True)
        at = f"{entry.at:%Y-%m-%dT%H:%M:%S.%fZ}"
        yield [
            entry.id,
            at,
            entry.actor,
            entry.action,
            entry.target,
            entry.jurisdiction or "",
            details,
            entry.mac.hex(),
        ]


def _criteria() -> Criteria:
    """Return the criteria in the address; what is malformed does not matter."""
    jurisdiction, until = request.args.get("jurisdiction", ""), day_argument("until")
    return Criteria(
        jurisdiction=jurisdiction if jurisdiction in JURISDICTIONS else None,
        person=request.args.get("person", "").replace("\0", "").strip() or None,
        action=request.args.get("action", "").replace("\0", "") or None,
        since=_midnight(day_argument("since")),
        until=_midnight(until + timedelta(days=1)) if until and until < date.max else None,
    )


def _midnight(day: date | None) -> datetime | None:
    """Return the beginning of a day in the person's jurisdiction; clocks there change in the night, after midnight."""
    return instant_of(day, time(), current_person().jurisdiction.zone) if day else None

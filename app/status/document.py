"""The status document: everything that the public pages show, built from what was measured. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.errors import UnreadableDocumentError
from app.domain.incidents.public import PublicIncident
from app.domain.objectives import MinuteCounts
from app.domain.status import (
    PARTS,
    SERVED_WITHOUT_DATABASE,
    DayRecord,
    ObjectiveRecord,
    PartState,
    PlannedWork,
    current_state,
    is_ongoing,
    last_minutes,
    state_of_incident,
    worst,
)
from app.status.encoding import decode, encode, schema

VERSION: Final = 1
# Older than this, a document is not that of the present: monitoring has stopped.
MAX_AGE: Final = timedelta(minutes=5)
# Of the JSON. Older incidents are left out of a document that would be larger.
MAX_BYTES: Final = 1_000_000
MAX_INCIDENTS: Final = 200
# The number of an incident that has none yet, because PostgreSQL does not respond. It has no page of its own.
UNSTORED: Final = 0
_PLANNED_WORK_SHOWN_AFTER: Final = timedelta(days=7)


@dataclass(frozen=True)
class Part:
    """A part of the service: its state, and its record by day, oldest first."""

    name: str
    state: PartState
    days: tuple[DayRecord, ...]


@dataclass(frozen=True)
class StatusDocument:
    """What is published. `is_complete` is false if the database could not be read: only states are of `written_at`."""

    written_at: datetime
    parts: tuple[Part, ...]
    objectives: tuple[ObjectiveRecord, ...] = ()
    incidents: tuple[PublicIncident, ...] = ()  # open ones first, then the newest
    planned_work: tuple[PlannedWork, ...] = ()
    is_complete: bool = True

    @property
    def state(self) -> PartState:
        """The worst state of any part."""
        return worst(part.state for part in self.parts)

    @property
    def open_incidents(self) -> list[PublicIncident]:
        """The incidents that are not resolved."""
        return [each for each in self.incidents if is_ongoing(each)]

    @property
    def past_incidents(self) -> list[PublicIncident]:
        """The incidents that are resolved, newest first."""
        return [each for each in self.incidents if not is_ongoing(each)]

    @property
    def incidents_by_number(self) -> dict[int, PublicIncident]:
        """The incidents that have a number, by it."""
        return {each.number: each for each in self.incidents if each.number != UNSTORED}

    def is_stale(self, now: datetime) -> bool:
        """Return whether the document is too old to describe the present."""
        return now - self.written_at > MAX_AGE


@dataclass(frozen=True)
class Measured:
    """What is known of the service at one moment.

    `minutes` are those of the last minutes by objective, `days` the records of each part, oldest first.
    """

    parts: tuple[str, ...]
    minutes: Mapping[str, Sequence[MinuteCounts]]
    days: Mapping[str, Sequence[DayRecord]]
    objectives: tuple[ObjectiveRecord, ...]
    incidents: Sequence[PublicIncident]
    planned_work: Sequence[PlannedWork]


def build_document(measured: Measured, now: datetime) -> StatusDocument:
    """Return the document of what was measured."""
    recent = {name: last_minutes(minutes, now) for name, minutes in measured.minutes.items()}
    is_measuring = any(recent.values())
    incidents = [replace(each, parts=_known(each.parts)) for each in measured.incidents]
    planned = tuple(
        replace(each, parts=_known(each.parts))
        for each in measured.planned_work
        if each.ends + _PLANNED_WORK_SHOWN_AFTER > now
    )
    parts = []
    for name in measured.parts:
        own = [recent.get(each.name, []) for each in measured.objectives if each.part == name]
        state = current_state(own)
        if state is PartState.UNKNOWN and is_measuring and own:
            state = PartState.OPERATIONAL  # it was not used in the last minutes, and nothing failed
        state = worst((state, *_states_of_incidents(name, incidents)))
        parts.append(Part(name, _planned_or(state, name, planned, now), tuple(measured.days.get(name, ()))))
    return StatusDocument(now, tuple(parts), measured.objectives, _sorted(incidents), planned)


def document_without_database(
    previous: StatusDocument, now: datetime, incidents: Sequence[PublicIncident] = ()
) -> StatusDocument:
    """Return the document for a moment at which PostgreSQL does not respond.

    The rest is of the previous document; `incidents` are those that were detected since, and are not stored.
    """
    stored = tuple(each for each in previous.incidents if each.number != UNSTORED)
    # A check that fails again during an incident of its own belongs to that.
    known = [each.titles for each in stored if is_ongoing(each)]
    unstored = tuple(each for each in incidents if each.titles not in known)
    parts = tuple(
        replace(part, state=_planned_or(_without_database(part.name), part.name, previous.planned_work, now))
        for part in previous.parts
    )
    all_incidents = _sorted((*stored, *unstored))
    return replace(previous, written_at=now, parts=parts, incidents=all_incidents, is_complete=False)


def _known(parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts without those of a later version, which has stored them before it was rolled back."""
    return tuple(each for each in parts if each in PARTS)


def _states_of_incidents(part: str, incidents: Sequence[PublicIncident]) -> list[PartState]:
    return [state_of_incident(each) for each in incidents if is_ongoing(each) and part in each.parts]


def _without_database(part: str) -> PartState:
    return PartState.DEGRADED if part in SERVED_WITHOUT_DATABASE else PartState.OUTAGE


def _planned_or(state: PartState, part: str, planned: Sequence[PlannedWork], now: datetime) -> PartState:
    """Return the state of a part, or `planned` while announced work on it takes place."""
    is_planned = any(part in each.parts and each.is_active(now) for each in planned)
    return PartState.PLANNED if is_planned else state


def _sorted(incidents: Sequence[PublicIncident]) -> tuple[PublicIncident, ...]:
    return tuple(sorted(incidents, key=lambda each: (is_ongoing(each), each.began), reverse=True))


def to_json(document: StatusDocument) -> bytes:
    """Return the document as JSON of at most MAX_BYTES, without the oldest incidents if it would be longer."""
    shown = len(document.incidents[:MAX_INCIDENTS])
    while True:
        encoded = _encode(replace(document, incidents=document.incidents[:shown]))
        if len(encoded) <= MAX_BYTES or shown == 0:
            return encoded
        shown -= max(1, shown // 10)


def _encode(document: StatusDocument) -> bytes:
    fields = {"version": VERSION, "state": document.state.value, **encode(document)}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(encoded: bytes) -> StatusDocument:
    """Return the document of its JSON; raise UnreadableDocumentError if it is too long, malformed or newer.

    One with a part that this version does not know is newer.
    """
    if len(encoded) > MAX_BYTES:
        raise UnreadableDocumentError("document: too long")
    try:
        fields = json.loads(encoded)
    except (ValueError, RecursionError):
        raise UnreadableDocumentError("document: not JSON") from None
    if not isinstance(fields, dict) or fields.get("version") != VERSION:
        raise UnreadableDocumentError("document: of another version")
    document = decode(StatusDocument, fields)
    named = {part.name for part in document.parts}.union(
        *(each.parts for each in document.incidents), *(each.parts for each in document.planned_work)
    )
    if not named <= set(PARTS):
        raise UnreadableDocumentError("document: with parts of another version")
    return document


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    described = schema(StatusDocument)
    own = {"version": {"type": "integer", "const": VERSION}, "state": schema(PartState)}
    return described | {
        "required": [*own, *described["required"]],
        "properties": own | described["properties"],
    }

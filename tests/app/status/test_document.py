"""The document: how it is built, and its JSON."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from app.domain.errors import UnreadableDocumentError
from app.domain.incidents.states import State
from app.domain.objectives import MinuteCounts
from app.domain.status import PartState
from app.status.document import (
    MAX_BYTES,
    MAX_INCIDENTS,
    UNSTORED,
    Measured,
    Part,
    build_document,
    document_without_database,
    from_json,
    json_schema,
    to_json,
)
from tests.support.status import NOW, OBJECTIVES, document, in_outage, ongoing, planned, reported

PARTS = ("issuing", "uploading", "portal", "jobs")


def measured(**fields: Any) -> Measured:
    """Return what was measured: uploads succeed, and nothing else was used."""
    whole = Measured(PARTS, {"uploads-availability": minutes(10, 10)}, {}, OBJECTIVES, (), ())
    return replace(whole, **fields)


def minutes(good: int, total: int, ago: int = 1) -> list[MinuteCounts]:
    begin = NOW.replace(second=0)
    return [MinuteCounts(begin - timedelta(minutes=each), good, total) for each in range(ago + 4, ago - 1, -1)]


def states(**fields: Any) -> dict[str, str]:
    return {part.name: part.state.value for part in build_document(measured(**fields), NOW).parts}


def test_a_part_that_was_not_used_is_operational_while_others_are_measured() -> None:
    assert states() == {
        "issuing": "operational",
        "uploading": "operational",
        "portal": "operational",
        "jobs": "unknown",  # it has no objective
    }


def test_without_recent_minutes_nothing_is_known() -> None:
    assert set(states(minutes={}).values()) == {"unknown"}
    old = {"uploads-availability": minutes(10, 10, ago=30)}
    assert set(states(minutes=old).values()) == {"unknown"}


def test_failures_of_the_last_minutes_are_an_outage() -> None:
    assert states(minutes={"uploads-availability": minutes(1, 10)})["uploading"] == "outage"
    assert states(minutes={"uploads-availability": minutes(8, 10)})["uploading"] == "degraded"


def test_an_open_incident_determines_the_state_of_its_parts() -> None:
    assert states(incidents=[ongoing()])["uploading"] == "outage"
    assert states(incidents=[replace(ongoing(), state=State.MITIGATED)])["uploading"] == "degraded"
    assert states(incidents=[replace(ongoing(), state=State.RESOLVED)])["uploading"] == "operational"
    assert states(incidents=[ongoing()])["portal"] == "operational"


def test_planned_work_takes_the_place_of_an_outage() -> None:
    broken = {"portal-latency": minutes(0, 10)}
    assert states(minutes=broken)["portal"] == "outage"
    assert states(minutes=broken, planned_work=[planned()])["portal"] == "planned"
    later = replace(planned(), begins=NOW + timedelta(hours=1))
    assert states(minutes=broken, planned_work=[later])["portal"] == "outage"


def test_planned_work_is_shown_before_and_a_week_after() -> None:
    def shown(**changed: datetime) -> int:
        return len(build_document(measured(planned_work=[replace(planned(), **changed)]), NOW).planned_work)

    assert shown(begins=NOW + timedelta(days=20), ends=NOW + timedelta(days=21)) == 1
    assert shown(begins=NOW - timedelta(days=7), ends=NOW - timedelta(days=6)) == 1
    assert shown(begins=NOW - timedelta(days=9), ends=NOW - timedelta(days=8)) == 0


def test_open_incidents_come_first_and_then_the_newest() -> None:
    older, newer, still_open = (
        reported(NOW - timedelta(days=9), 7),
        reported(NOW, 8),
        ongoing(NOW - timedelta(days=99), 1),
    )
    built = build_document(measured(incidents=[older, newer, still_open]), NOW)
    assert [each.number for each in built.incidents] == [1, 8, 7]
    assert [each.number for each in built.open_incidents] == [1]
    assert [each.number for each in built.past_incidents] == [8, 7]


def test_parts_that_a_later_version_stored_before_a_roll_back_are_left_out() -> None:
    incident, work = ongoing(), planned()
    known = incident.parts, work.parts
    later = {
        "incidents": [replace(incident, parts=(*incident.parts, "of a later version"))],
        "planned_work": [replace(work, parts=("of a later version", *work.parts))],
    }
    built = from_json(to_json(build_document(measured(**later), NOW)))
    assert (built.incidents[0].parts, built.planned_work[0].parts) == known


def test_without_the_database_only_states_are_new() -> None:
    before, later = document(), NOW + timedelta(minutes=3)
    after = document_without_database(before, later, [ongoing(number=UNSTORED)])
    assert {part.name: part.state.value for part in after.parts} == {
        **dict.fromkeys(("issuing", "claiming", "uploading", "portal", "sharing", "jobs"), "outage"),
        "downloading": "degraded",
    }
    assert [part.days for part in after.parts] == [part.days for part in before.parts]
    assert (after.written_at, after.is_complete, after.objectives) == (later, False, before.objectives)
    assert [each.number for each in after.incidents] == [UNSTORED, 41]
    again = document_without_database(after, later, [ongoing(number=UNSTORED)])
    assert [each.number for each in again.incidents] == [UNSTORED, 41]
    assert [each.number for each in document_without_database(again, later).incidents] == [41]


def test_what_is_detected_again_during_an_incident_belongs_to_it() -> None:
    before = document(incidents=(ongoing(number=7),))
    after = document_without_database(before, NOW, [ongoing(number=UNSTORED)])
    assert [each.number for each in after.incidents] == [7]


def test_without_the_database_planned_work_on_it_is_no_outage() -> None:
    everything = replace(planned(), parts=("issuing", "claiming", "uploading", "portal", "sharing", "jobs"))
    after = document_without_database(document(planned_work=(everything,)), NOW)
    assert {part.state for part in after.parts} == {PartState.PLANNED, PartState.DEGRADED}


def test_a_document_is_stale_after_five_minutes() -> None:
    assert not document().is_stale(NOW + timedelta(minutes=5))
    assert document().is_stale(NOW + timedelta(minutes=5, seconds=1))


@pytest.mark.parametrize("whole", [document(), in_outage(), document(parts=(), incidents=(), objectives=())])
def test_json_is_read_as_it_was_written_and_matches_its_schema(whole: Any) -> None:
    encoded = to_json(whole)
    assert from_json(encoded) == whole
    described = json_schema()
    jsonschema.Draft202012Validator.check_schema(described)
    jsonschema.validate(json.loads(encoded), described, format_checker=jsonschema.FormatChecker())
    assert json.loads(encoded)["state"] == whole.state.value


def test_the_schema_refuses_what_is_not_a_document() -> None:
    fields = json.loads(to_json(in_outage()))
    for wrong in ({"version": 2}, {"state": "fine"}, {"parts": [{}]}, {"written_at": 7}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(fields | wrong, json_schema())


def test_a_field_that_is_not_known_is_ignored() -> None:
    fields = json.loads(to_json(document()))
    fields["figures"] = {"downloads": 7}
    fields["parts"][0]["colour"] = "green"
    assert from_json(json.dumps(fields).encode()) == document()


def test_a_document_is_bounded_by_leaving_out_old_incidents() -> None:
    long = {language: {"summary": "x" * 20_000} for language in ("en", "fr")}

    def incident(number: int) -> Any:
        found = reported(NOW - timedelta(days=number), number)
        return replace(found, report=replace(found.report, sections=long))

    many = document(incidents=tuple(incident(number) for number in range(1, 60)))
    encoded = to_json(many)
    assert len(encoded) <= MAX_BYTES
    kept = [each.number for each in from_json(encoded).incidents]
    assert kept == list(range(1, len(kept) + 1))
    assert 15 < len(kept) < 30
    small = document(incidents=tuple(ongoing(number=number) for number in range(MAX_INCIDENTS + 9)))
    assert len(from_json(to_json(small)).incidents) == MAX_INCIDENTS


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'"text"',
        b"\xff",
        b"[" * 100_000,
        to_json(document()).replace(b'"version":1', b'"version":2'),
        b'{"version":1}',
        b'{"version":1,"written_at":"2026-11-27T20:32:00","parts":[]}',
        b'{"version":1,"written_at":"yesterday","parts":[]}',
        b'{"version":1,"written_at":"2026-11-27T20:32:00Z","parts":{}}',
        b'{"version":1,"written_at":"2026-11-27T20:32:00Z","parts":[{"name":"jobs","state":"fine","days":[]}]}',
        b'{"version":1,"written_at":"2026-11-27T20:32:00Z","parts":[{"name":7,"state":"outage","days":[]}]}',
        to_json(document(parts=(Part("of a later version", PartState.OUTAGE, ()),))),
        to_json(document(incidents=(replace(ongoing(), parts=("of a later version",)),))),
        to_json(document(planned_work=(replace(planned(), parts=("of a later version",)),))),
        to_json(document()) + b" " * MAX_BYTES,
    ],
)
def test_what_is_not_a_document_is_refused(encoded: bytes) -> None:
    with pytest.raises(UnreadableDocumentError):
        from_json(encoded)


WRONG = (None, True, 7, -1.5, "text", "", [], {}, [[]], {"en": 7}, float("nan"))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside JSON; of each list, only that of its first."""
    yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def test_a_wrong_value_anywhere_is_refused_or_harmless() -> None:
    part = document().parts[0]  # the others, and its other days, have the same form
    parts = (replace(part, days=part.days[-1:]),)
    encoded = to_json(document(parts=parts, incidents=(reported(), ongoing()), planned_work=(planned(),)))
    found = [path for path in places(json.loads(encoded)) if path]
    assert len(found) > 60
    for path in found:
        for wrong in WRONG:
            fields = json.loads(encoded)
            inside = fields
            for key in path[:-1]:
                inside = inside[key]
            inside[path[-1]] = wrong
            with suppress(UnreadableDocumentError):
                to_json(from_json(json.dumps(fields).encode()))


def test_moments_are_in_utc() -> None:
    assert (
        json.loads(to_json(document(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))))["written_at"] == "2026-01-02T03:04:05Z"
    )

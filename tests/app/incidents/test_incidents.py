"""What people do with incidents, their timeline, and what the public sees."""

from datetime import timedelta

import pytest

from app.domain.errors import IncidentMissingError, IncidentRefusedError
from app.domain.incidents.states import Impact, State
from app.domain.incidents.timeline import Event, EventKind
from app.incidents.service import Incidents, Opening
from app.store.incidents import events
from tests.support.at_once import at_once
from tests.support.incidents import AUTHOR, READER, report, reviewed
from tests.support.service import Service

MINUTE = timedelta(minutes=1)


def test_an_incident_goes_through_its_states(status: Service, incidents: Incidents) -> None:
    began = status.clock.now
    number = incidents.open(Opening("Claims fail", impact=Impact.MAJOR, parts=("claiming",)), AUTHOR, began)
    incidents.acknowledge(number, AUTHOR, began + MINUTE)
    incidents.acknowledge(number, READER, began + 2 * MINUTE)
    incidents.mitigate(number, AUTHOR, began + 10 * MINUTE)
    incidents.reopen(number, AUTHOR, began + 11 * MINUTE)
    incidents.mitigate(number, AUTHOR, began + 12 * MINUTE)
    incidents.resolve(number, AUTHOR, began + 20 * MINUTE)
    details = incidents.find(number, began + 30 * MINUTE)
    assert details.incident.acknowledged_by == AUTHOR
    assert (details.incident.state, details.incident.minutes) == (State.RESOLVED, 12)
    kinds = [event.kind.value for event in details.events]
    assert kinds == ["opened", "acknowledged", "mitigated", "reopened", "mitigated", "resolved"]
    assert details.draft is not None
    assert "after 1 minute" in details.draft.report.sections["en"]["went_well"]


@pytest.mark.parametrize("action", ["acknowledge", "mitigate", "reopen", "resolve"])
def test_a_resolved_incident_changes_its_state_no_more(status: Service, incidents: Incidents, action: str) -> None:
    now = status.clock.now
    number = incidents.open(Opening("Claims fail"), AUTHOR, now)
    incidents.resolve(number, AUTHOR, now)
    with pytest.raises(IncidentRefusedError):
        getattr(incidents, action)(number, AUTHOR, now)


def test_an_incident_of_seconds_affected_people_for_a_minute_as_on_the_status_page(
    status: Service, incidents: Incidents
) -> None:
    now = status.clock.now
    number = incidents.open(Opening("Codes cannot be claimed"), AUTHOR, now)
    incidents.resolve(number, AUTHOR, now + timedelta(seconds=20))
    draft = incidents.find(number, now + MINUTE).draft
    assert draft is not None
    assert "for 1 minute." in draft.report.sections["en"]["impact"]


def test_two_people_who_resolve_at_the_same_moment_resolve_once(status: Service, incidents: Incidents) -> None:
    now = status.clock.now
    number = incidents.open(Opening("Claims fail"), AUTHOR, now)

    def resolve(actor: str) -> bool:
        try:
            incidents.resolve(number, actor, now)
        except IncidentRefusedError:
            return False
        return True

    assert sorted(at_once(resolve, [AUTHOR, READER, AUTHOR, READER])) == [False, False, False, True]
    assert len(status.rows("SELECT 1 FROM incident_events WHERE kind = 'resolved'")) == 1


def test_what_does_not_exist_is_missing(status: Service, incidents: Incidents) -> None:
    with pytest.raises(IncidentMissingError):
        incidents.find(99, status.clock.now)
    with pytest.raises(IncidentMissingError):
        incidents.mitigate(99, AUTHOR, status.clock.now)


@pytest.mark.parametrize("title", ["", "x" * 201])
def test_an_incident_needs_a_title(status: Service, incidents: Incidents, title: str) -> None:
    with pytest.raises(IncidentRefusedError):
        incidents.open(Opening(title), AUTHOR, status.clock.now)


def test_the_timeline_has_what_happened_two_hours_before(status: Service, incidents: Incidents) -> None:
    now = status.clock.now
    with status.database.session() as session:
        for seconds, name in ((7201, "OLD"), (7200, "SUBMISSION_URL")):
            events.add(session, Event(now - timedelta(seconds=seconds), EventKind.SETTING, name, author="service"))
    number = incidents.open(Opening("Claims fail"), AUTHOR, now)
    incidents.note(None, "The network of the host was repaired", "hosting", now + MINUTE)
    incidents.resolve(number, AUTHOR, now + 2 * MINUTE)
    incidents.note(None, "Much later", "hosting", now + 60 * MINUTE)
    details = incidents.find(number, now + 90 * MINUTE)
    assert [event.subject or event.text for event in details.events] == [
        "SUBMISSION_URL",
        "",
        "The network of the host was repaired",
        "",
    ]
    assert details.draft is not None
    assert "The setting SUBMISSION_URL was changed" in details.draft.report.sections["en"]["causes"]
    assert "Le paramètre SUBMISSION_URL a été modifié" in details.draft.report.sections["fr"]["causes"]


def test_the_public_sees_states_and_published_notes_and_no_person(status: Service, incidents: Incidents) -> None:
    now = status.clock.now
    number = incidents.open(Opening("Claims fail", "Les codes sont refusés", parts=("claiming",)), AUTHOR, now)
    incidents.note(number, "The password of the host is wrong", AUTHOR, now)
    incidents.note(number, "We are working on it", AUTHOR, now, text_fr="Nous y travaillons", is_public=True)
    incidents.note(number, "", AUTHOR, now, text_fr="La cause est connue", is_public=True)
    incidents.acknowledge(number, AUTHOR, now)
    (shown,) = incidents.public(now)
    assert [event.texts for event in shown.events] == [
        {"en": "The incident began", "fr": "L’incident a commencé"},
        {"en": "We are working on it", "fr": "Nous y travaillons"},
        {"fr": "La cause est connue"},
    ]
    assert shown.titles["fr"] == "Les codes sont refusés"
    assert shown.report is None
    assert "@" not in repr(shown)
    assert "password" not in repr(shown)


def test_a_report_is_read_by_another_person_before_it_is_published(status: Service, incidents: Incidents) -> None:
    now = status.clock.now
    number = incidents.open(Opening("Claims fail"), AUTHOR, now)
    incidents.resolve(number, AUTHOR, now)
    for action, arguments in (("read", (1, READER)), ("publish", (1, READER))):
        with pytest.raises(IncidentRefusedError):  # what was luck is not written yet
            getattr(incidents.reports, action)(number, *arguments, now)
    incidents.reports.change(number, report(), 1, AUTHOR, now)
    with pytest.raises(IncidentRefusedError):
        incidents.reports.publish(number, 2, AUTHOR, now)
    with pytest.raises(IncidentRefusedError):
        incidents.reports.read(number, 2, AUTHOR, now)
    incidents.reports.read(number, 2, READER, now)
    assert incidents.find(number, now).incident.state is State.REVIEWED
    assert incidents.reports.publish(number, 2, AUTHOR, now) == 1
    with pytest.raises(IncidentRefusedError):
        incidents.reports.publish(number, 2, AUTHOR, now)


def test_what_was_published_stays_as_it_was(status: Service, incidents: Incidents) -> None:
    now = status.clock.now
    number = reviewed(incidents, now, "First")
    incidents.reports.publish(number, 2, READER, now)
    incidents.reports.change(number, report("Second"), 2, AUTHOR, now + MINUTE)
    (shown,) = incidents.public(now + MINUTE)
    assert shown.report is not None
    assert shown.report.sections["en"]["luck"] == "First: luck (en)"
    with pytest.raises(IncidentRefusedError):  # the change was not read
        incidents.reports.publish(number, 3, AUTHOR, now + MINUTE)
    incidents.reports.read(number, 3, READER, now + MINUTE)
    assert incidents.reports.publish(number, 3, AUTHOR, now + 2 * MINUTE) == 2
    (shown,) = incidents.public(now + 3 * MINUTE)
    assert shown.report is not None
    assert shown.report.sections["en"]["luck"] == "Second: luck (en)"
    assert [(each.number, each.published) for each in shown.report.versions] == [(1, now), (2, now + 2 * MINUTE)]
    assert shown.report.versions[1].changed == ("summary", "impact", "causes", "went_well", "luck")
    assert "@" not in repr(shown)


def test_title_impact_and_parts_of_a_published_report_change_with_its_next_version(
    status: Service, incidents: Incidents
) -> None:
    now = status.clock.now
    number = reviewed(incidents, now, "First")
    incidents.reports.publish(number, 2, READER, now)
    (before,) = incidents.public(now)
    changed = Opening("Another title", "Un autre titre", Impact.MAJOR, ("portal",))
    incidents.describe(number, changed, incidents.find(number, now).incident.revision, AUTHOR, now)
    assert incidents.public(now) == [before]
    assert incidents.reports.publish(number, 2, READER, now + MINUTE) == 2
    (after,) = incidents.public(now + MINUTE)
    assert after.titles == {"en": "Another title", "fr": "Un autre titre"}
    assert (after.impact, after.parts) == (Impact.MAJOR, ("portal",))
    assert after.report is not None
    assert after.report.versions[1].changed == ("facts",)
    with pytest.raises(IncidentRefusedError):
        incidents.reports.publish(number, 2, READER, now + MINUTE)


def test_a_change_does_not_replace_that_of_another_person(status: Service, incidents: Incidents) -> None:
    now = status.clock.now
    number = reviewed(incidents, now)

    def change(actor: str) -> bool:
        try:
            incidents.reports.change(number, report(actor), 2, actor, now)
        except IncidentRefusedError:
            return False
        return True

    assert sorted(at_once(change, [AUTHOR, READER])) == [False, True]


def test_two_people_who_publish_at_the_same_moment_publish_once(status: Service, incidents: Incidents) -> None:
    now = status.clock.now
    number = reviewed(incidents, now)

    def publish(actor: str) -> int | None:
        try:
            return incidents.reports.publish(number, 2, actor, now)
        except IncidentRefusedError:
            return None

    assert sorted(at_once(publish, [AUTHOR, READER]), key=str) == [1, None]

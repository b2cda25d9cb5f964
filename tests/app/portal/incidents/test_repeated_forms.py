"""A form that is sent twice, by a double click, the back button or a retry, creates what it describes once."""

from datetime import timedelta

from app.domain.portal.rights import Role
from tests.app.portal.incidents.test_incident_pages import opened
from tests.support.at_once import at_once
from tests.support.portal import Visitor, person, signed_in
from tests.support.service import Service

TITLE = "Codes cannot be claimed"
NOTE = "We are switching to the replica."


def windows(portal: Service, count: int) -> list[Visitor]:
    """Return windows of one superuser, each with a session, so that a cookie is not shared by threads."""
    first = person(portal, Role.SUPERUSER)
    account = portal.rows("SELECT account_id FROM portal_sessions")[0][0]
    return [first, *(signed_in(portal, account) for _ in range(count - 1))]


def numbers(portal: Service) -> list[int]:
    return [row[0] for row in portal.rows("SELECT id FROM incidents ORDER BY id")]


def test_an_incident_that_is_opened_several_times_at_once_is_one(portal: Service) -> None:
    visitors = windows(portal, 4)
    locations = at_once(lambda each: each.post("/en/incidents/new", title_en=TITLE, impact="major").location, visitors)
    [number] = numbers(portal)
    assert set(locations) == {f"/en/incidents/{number}"}
    assert portal.rows("SELECT kind FROM incident_events") == [("opened",)]
    assert portal.rows("SELECT action FROM portal_audit_entries WHERE action = 'open-incident'") == [("open-incident",)]


def test_an_incident_that_differs_is_another(portal: Service) -> None:
    someone, colleague = person(portal, Role.SUPERUSER), person(portal, Role.SUPERUSER)
    first = opened(someone, title_en=TITLE)
    assert opened(someone, title_en=TITLE) == first
    portal.clock.now += timedelta(minutes=11)
    found = [first, opened(someone, title_en=TITLE), opened(colleague, title_en=TITLE)]
    found += [opened(someone, title_en=f"{TITLE} in Ontario"), opened(someone, title_en=TITLE, impact="minor")]
    assert len(set(found)) == 5 == len(numbers(portal))


def test_the_same_incident_after_the_end_of_the_first_is_another(portal: Service) -> None:
    someone = person(portal, Role.SUPERUSER)
    first = opened(someone, title_en=TITLE)
    someone.post(f"/en{first}/mitigate", page=f"/en{first}")
    assert opened(someone, title_en=TITLE) != first


def test_an_announcement_that_is_published_several_times_at_once_is_one(portal: Service) -> None:
    visitors = windows(portal, 4)
    fields = {
        "text_en": "Closed on Friday",
        "text_fr": "Fermé vendredi",
        "level": "information",
        "start_date": "2026-03-18",
        "start_time": "09:00",
        "end_date": "2026-03-20",
        "end_time": "09:00",
    }
    responses = at_once(lambda each: each.post("/en/announcements/new", **fields), visitors)
    assert {each.location for each in responses} == {"/en/announcements"}
    assert portal.rows("SELECT text_en FROM portal_announcements") == [("Closed on Friday",)]
    assert len(portal.rows("SELECT 1 FROM portal_audit_entries WHERE action = 'announce'")) == 1
    visitors[0].post("/en/announcements/new", **fields | {"end_time": "10:00"})
    assert len(portal.rows("SELECT 1 FROM portal_announcements")) == 2


def test_a_note_that_is_sent_several_times_at_once_is_one(portal: Service) -> None:
    visitors = windows(portal, 4)
    page = f"/en{opened(visitors[0])}"
    at_once(lambda each: each.post(page, text=NOTE, is_public="y"), visitors)
    notes = "SELECT text FROM incident_events WHERE kind = 'note'"
    assert portal.rows(notes) == [(NOTE,)]
    visitors[0].post(page, text=NOTE)
    visitors[0].post(page, text=f"{NOTE} It takes an hour.")
    person(portal, Role.SUPERUSER).post(page, text=NOTE, is_public="y")
    portal.clock.now += timedelta(minutes=11)
    visitors[0].post(page, text=NOTE, is_public="y")
    assert len(portal.rows(notes)) == 5


def test_a_note_that_is_true_again_is_another(portal: Service) -> None:
    someone = person(portal, Role.SUPERUSER)
    page = f"/en{opened(someone)}"
    for text in ("Claims work.", "Claims fail.", "Claims work."):
        someone.post(page, text=text)
    someone.post(f"{page}/mitigate", page=page)
    someone.post(page, text="Claims work.")
    notes = portal.rows("SELECT text FROM incident_events WHERE kind = 'note' ORDER BY id")
    assert notes == [("Claims work.",), ("Claims fail.",), ("Claims work.",), ("Claims work.",)]


def test_nothing_is_taken_for_what_was_sent_before_the_clock_was_set_back(portal: Service) -> None:
    someone = person(portal, Role.SUPERUSER)
    first = opened(someone, title_en=TITLE)
    someone.post(f"/en{first}", text=NOTE)
    portal.clock.now -= timedelta(seconds=30)  # by which the clocks of two servers may differ
    assert opened(someone, title_en=TITLE) == first
    someone.post(f"/en{first}", text=NOTE)
    assert len(portal.rows("SELECT 1 FROM incident_events WHERE kind = 'note'")) == 1
    portal.clock.now -= timedelta(minutes=20)
    assert opened(someone, title_en=TITLE) != first
    someone.post(f"/en{first}", text=NOTE)
    assert portal.rows("SELECT text FROM incident_events WHERE kind = 'note'") == [(NOTE,), (NOTE,)]

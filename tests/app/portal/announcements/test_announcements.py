"""Announcements: who sees which, when, and how they are published and dismissed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from app.domain.portal.rights import Role
from app.portal.announcements import Content, paragraphs
from tests.support.portal import Visitor, add_account, person, person_with
from tests.support.service import Service

TORONTO = ZoneInfo("America/Toronto")
NAME = "Text of the announcement"


def publish(
    portal: Service, jurisdiction: str | None = None, begins: float = -1, ends: float = 1, **fields: Any
) -> int:
    """Publish an announcement that begins and ends so many hours from now; return its number."""
    account = add_account(portal, f"root{begins}{ends}{(jurisdiction or '').lower()}@cds.example", role=Role.SUPERUSER)
    now = portal.clock.now
    starts, end = (now + timedelta(hours=hours) for hours in (begins, ends))
    values = {"level": "warning", "text_en": NAME, "text_fr": "Texte de l’annonce"} | fields
    portal.app.context.portal.announcements.publish(
        person_with(portal, account), Content(jurisdiction=jurisdiction, starts=starts, ends=end, **values), now
    )
    return int(portal.rows("SELECT max(id) AS id FROM portal_announcements")[0].id)


def form_fields(portal: Service, **changes: str) -> dict[str, str]:
    """Return the fields of an announcement for a day from now on."""
    local = portal.clock.now.astimezone(TORONTO)
    return {
        "text_en": NAME,
        "text_fr": "Texte de l’annonce",
        "level": "danger",
        "jurisdiction": "",
        "start_date": f"{local:%Y-%m-%d}",
        "start_time": "00:00",
        "end_date": f"{local + timedelta(days=1):%Y-%m-%d}",
        "end_time": "23:30",
    } | changes


def revision_in(page: str) -> str:
    """Return the revision in the form of a page."""
    found = re.search(r'name="revision"[^>]* value="(\w+)"', page)
    return found[1] if found else ""


def test_a_superuser_publishes_for_everyone_in_both_languages(portal: Service) -> None:
    superuser = person(portal, Role.SUPERUSER, "CDS")
    assert superuser.post("/en/announcements/new", **form_fields(portal)).status_code == 303
    nurse = person(portal)
    assert NAME in nurse.get("/en/").text
    assert "Texte de l’annonce" in nurse.get("/fr/").text
    row = portal.rows("SELECT starts, ends FROM portal_announcements")[0]
    assert row.starts.astimezone(TORONTO).strftime("%H:%M") == "00:00"
    assert row.ends.astimezone(TORONTO).strftime("%H:%M") == "23:30"
    entry = portal.rows("SELECT action, details FROM portal_audit_entries")[0]
    assert entry.action == "announce"
    assert entry.details["after"]["text_en"] == NAME


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text_en": " "}, "Enter the text in English"),
        ({"text_fr": ""}, "Enter the text in French"),
        ({"text_fr": "x" * 1001}, "Enter no more than 1000 characters"),
        ({"start_date": "yesterday"}, "Enter or choose a valid value"),
        ({"start_date": ""}, "Enter a date"),
        ({"start_date": "0001-01-01"}, "Enter a date"),
        ({"start_date": "2019-12-31"}, "Enter a date"),
        ({"end_date": "2100-01-01"}, "Enter a date"),
        ({"end_date": "9999-12-31", "end_time": "23:30"}, "Enter a date"),
        ({"end_date": "2020-01-01"}, "Enter an end after the start"),
        ({"start_time": "00:15"}, "Enter or choose a valid value"),
        ({"level": "loud"}, "Enter or choose a valid value"),
        ({"jurisdiction": "XX"}, "Enter or choose a valid value"),
        # In Ontario, clocks go from 2:00 to 3:00 on this day.
        ({"start_date": "2026-03-08", "start_time": "02:30"}, 'id="start_time-error"'),
        ({"end_date": "2026-03-08", "end_time": "02:30"}, "clocks are set forward"),
    ],
)
def test_an_incomplete_or_impossible_announcement_is_refused(
    portal: Service, changes: dict[str, str], reason: str
) -> None:
    page = person(portal, Role.SUPERUSER).post("/en/announcements/new", **form_fields(portal, **changes)).text
    assert reason in page
    assert portal.rows("SELECT 1 FROM portal_announcements") == []


def test_the_first_and_the_last_day_that_a_form_accepts_are_decades_away(portal: Service) -> None:
    days = {"start_date": "2020-01-01", "end_date": "2099-12-31"}
    response = person(portal, Role.SUPERUSER).post("/en/announcements/new", **form_fields(portal, **days))
    assert response.status_code == 303


@pytest.mark.parametrize(
    ("jurisdiction", "begins", "ends", "is_shown"),
    [
        (None, -1, 1, True),
        ("ON", -1, 1, True),
        ("AB", -1, 1, False),
        (None, 1, 2, False),
        (None, -2, -1, False),
        (None, 0, 1, True),
        (None, -1, 0, False),
    ],
)
def test_an_announcement_is_shown_in_its_time_and_jurisdiction(
    portal: Service, jurisdiction: str | None, begins: float, ends: float, is_shown: bool
) -> None:
    publish(portal, jurisdiction, begins, ends)
    assert (NAME in person(portal).get("/en/").text) == is_shown


def test_a_visitor_sees_no_announcement(portal: Service) -> None:
    publish(portal)
    assert NAME not in Visitor(portal).get("/en/sign-in").text


def test_each_page_asks_for_announcements_once_and_those_of_visitors_never(portal: Service) -> None:
    nurse, visitor = person(portal), Visitor(portal)
    queries: list[str] = []

    def note(*arguments: Any) -> None:
        if "portal_announcements" in arguments[2]:
            queries.append(arguments[2])

    engine = portal.database._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert nurse.get("/en/").status_code == 200
        assert len(queries) == 1
        assert visitor.get("/en/sign-in").status_code == 200
        assert len(queries) == 1
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_what_is_dismissed_is_hidden_in_this_session_only(portal: Service) -> None:
    number, other = publish(portal), publish(portal, "ON", text_en="Another text")
    nurse, colleague = person(portal), person(portal)
    response = nurse.post(f"/en/announcements/{number}/dismiss", page="/en/", next="/")
    assert (response.status_code, response.location) == (303, "/en/")
    page = nurse.get("/en/").text
    assert NAME not in page
    assert "Another text" in page
    assert NAME in colleague.get("/en/").text
    nurse.post(f"/en/announcements/{other}/dismiss", page="/en/", next="/")
    assert "announcement" not in nurse.get("/en/").text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x"])
def test_dismissing_leads_nowhere_else(portal: Service, target: str) -> None:
    number = publish(portal)
    response = person(portal).post(f"/en/announcements/{number}/dismiss", page="/en/", next=target)
    assert response.location == "/en/"


@pytest.mark.parametrize(
    ("path", "fields", "shown"),
    [
        ("/en/tokens/new", {"name": "Laboratory"}, 'id="token"'),
        ("/en/account/codes", {}, 'class="backup-codes"'),
    ],
)
def test_what_is_shown_once_cannot_be_left_by_dismissing_an_announcement(
    portal: Service, path: str, fields: dict[str, str], shown: str
) -> None:
    publish(portal)
    administrator = person(portal, Role.ADMINISTRATOR)
    assert NAME in administrator.get(path).text
    page = administrator.post(path, **fields).text
    assert shown in page
    assert "/dismiss" not in page


def test_dismissing_what_does_not_exist_stores_nothing(portal: Service) -> None:
    nurse = person(portal)
    assert nurse.post("/en/announcements/999999/dismiss", page="/en/", next="/").status_code == 303
    with nurse.client.session_transaction() as cookie:
        assert cookie["dismissed"] == []


def test_markup_is_shown_as_text(portal: Service) -> None:
    publish(portal, text_en="<img src=x onerror=alert(1)>\n\n<b>bold</b>")
    for page in (person(portal).get("/en/"), person(portal, Role.SUPERUSER).get("/en/announcements")):
        assert "<img src=x" not in page.text
        assert "<b>bold" not in page.text
        assert "&lt;b&gt;bold" in page.text


def test_empty_lines_separate_paragraphs() -> None:
    assert paragraphs("one\r\nline\r\n \r\ntwo\n\n\n\nthree  spaces\n") == ["one line", "two", "three spaces"]


def test_a_change_is_recorded_with_what_was_before(portal: Service) -> None:
    number = publish(portal)
    superuser = person(portal, Role.SUPERUSER)
    page = superuser.get(f"/en/announcements/{number}").text
    assert NAME in page
    changed = form_fields(portal, text_en="Changed", jurisdiction="ON", revision=revision_in(page))
    superuser.post(f"/en/announcements/{number}", **changed)
    assert tuple(portal.rows("SELECT text_en, jurisdiction FROM portal_announcements")[0]) == ("Changed", "ON")
    details = portal.rows("SELECT details FROM portal_audit_entries ORDER BY id DESC")[0].details
    assert (details["before"]["text_en"], details["after"]["text_en"]) == (NAME, "Changed")


def test_a_change_does_not_replace_that_of_another_superuser(portal: Service) -> None:
    path = f"/en/announcements/{publish(portal)}"
    ada, grace = person(portal, Role.SUPERUSER), person(portal, Role.SUPERUSER)
    revision = revision_in(ada.get(path).text)
    theirs, own = (form_fields(portal, text_en=text) for text in ("Theirs", "My own"))
    assert grace.post(path, **theirs, revision=revision).status_code == 303
    page = ada.post(path, **own, revision=revision).text
    assert "Another person has changed" in page
    assert "My own" in page
    assert portal.rows("SELECT text_en FROM portal_announcements")[0].text_en == "Theirs"
    assert ada.post(path, **own, revision=revision_in(page)).status_code == 303
    assert portal.rows("SELECT text_en FROM portal_announcements")[0].text_en == "My own"


@pytest.mark.parametrize("begins", [-1, 1])
def test_an_announcement_is_ended_at_once_and_stays_ended(portal: Service, begins: float) -> None:
    number = publish(portal, begins=begins, ends=5)
    superuser = person(portal, Role.SUPERUSER)
    for _ in range(2):
        assert superuser.post(f"/en/announcements/{number}/end", page="/en/announcements").status_code == 303
    assert "Ended" in superuser.get("/en/announcements").text
    assert NAME not in person(portal).get("/en/").text
    assert superuser.get(f"/en/announcements/{number}").status_code == 404
    actions = [row.action for row in portal.rows("SELECT action FROM portal_audit_entries ORDER BY id")]
    assert actions == ["announce", "end-announcement"]


def test_the_form_shows_the_times_of_the_persons_jurisdiction(portal: Service) -> None:
    portal.clock.now = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
    number = publish(portal, begins=0, ends=24)
    page = person(portal, Role.SUPERUSER, "BC").get(f"/fr/announcements/{number}").text
    assert 'value="2026-06-30"' in page
    assert '<option selected value="20:00">20\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}00</option>' in page
    assert "Colombie-Britannique" in page

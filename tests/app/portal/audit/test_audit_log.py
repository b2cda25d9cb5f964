"""Searching and exporting the audit log."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import g

from app.domain.portal.rights import Role
from app.portal.views.audit import Change, changes
from app.web.spreadsheets import csv_lines
from tests.support.portal import person
from tests.support.service import Service

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def append(portal: Service, target: str, action: str = "invite", jurisdiction: str = "ON", **values: Any) -> None:
    """Append an entry."""
    fields = {"actor": "nurse@health.example", "at": portal.clock.now, "details": {}} | values
    with portal.database.session() as session:
        portal.app.context.portal.audit.record(
            session, fields["actor"], action, target, fields["at"], jurisdiction=jurisdiction, **fields["details"]
        )


def targets(page: str) -> list[str]:
    """Return the targets on a page."""
    return [part.partition("</span>")[0].split(" <span")[0] for part in page.split('data-label="Target"><span>')[1:]]


@pytest.mark.parametrize(
    ("role", "address", "expected"),
    [
        (Role.ADMINISTRATOR, "/en/audit", ["of Ontario"]),
        (Role.ADMINISTRATOR, "/en/audit?jurisdiction=AB", ["of Ontario"]),
        (Role.SUPERUSER, "/en/audit", ["of Alberta", "of Ontario"]),
        (Role.SUPERUSER, "/en/audit?jurisdiction=AB", ["of Alberta"]),
    ],
)
def test_people_see_the_entries_of_their_jurisdiction_and_superusers_all(
    portal: Service, role: Role, address: str, expected: list[str]
) -> None:
    append(portal, "of Ontario")
    append(portal, "of Alberta", jurisdiction="AB")
    visitor = person(portal, role)
    assert targets(visitor.get(address).text) == expected
    exported = visitor.get(address.replace("/audit", "/audit/entries.csv")).text
    assert all(name in exported for name in expected)
    assert ("of Alberta" in exported) == ("of Alberta" in expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("person=DOE", ["doe@x.example"]),
        ("person=nurse", ["100%_sure", "doe@x.example"]),
        ("person=%25_s", ["100%_sure"]),
        ("person=%00", ["100%_sure", "doe@x.example"]),
        ("action=disable", ["100%_sure"]),
        ("action=%00", ["100%_sure", "doe@x.example"]),
        # The first entry was made on July 1 in Ontario, and on July 2 in UTC.
        ("since=2026-07-02", ["100%_sure"]),
        ("until=2026-07-01", ["doe@x.example"]),
        ("since=2026-07-01&until=2026-07-02", ["100%_sure", "doe@x.example"]),
        ("since=yesterday&until=9999-12-31", ["100%_sure", "doe@x.example"]),
        ("since=0001-01-01", ["100%_sure", "doe@x.example"]),
        ("before=x", ["100%_sure", "doe@x.example"]),
        ("before=-1", ["100%_sure", "doe@x.example"]),
        ("before=1", []),
        ("person=nobody", []),
    ],
)
def test_entries_are_found_by_person_action_and_dates(portal: Service, query: str, expected: list[str]) -> None:
    append(portal, "doe@x.example", at=datetime(2026, 7, 2, 3, tzinfo=UTC))
    append(portal, "100%_sure", "disable", at=datetime(2026, 7, 2, 5, tzinfo=UTC))
    assert targets(person(portal, Role.ADMINISTRATOR).get(f"/en/audit?{query}").text) == expected


def test_pages_follow_each_other_by_number_while_entries_are_appended(portal: Service) -> None:
    for number in range(120):
        append(portal, f"target {number:03}")
    visitor, seen, address = person(portal, Role.ADMINISTRATOR), [], "/en/audit?action=invite"
    while address:
        page = visitor.get(address).text
        seen += targets(page)
        append(portal, "too late")
        older = [part.partition('"')[0] for part in page.split('href="') if "Older entries" in part[:200]]
        address = older[0].replace("&amp;", "&") if older else ""
    assert seen == [f"target {number:03}" for number in reversed(range(120))]


def test_details_are_readable_in_both_languages(portal: Service) -> None:
    details = {
        "before": {"role": "staff", "granted": [], "same": 1, "jurisdiction": "QC"},
        "after": {"role": "administrator", "granted": ["outbreaks"], "same": 1, "jurisdiction": "AB", "new": ""},
        "starts": "2026-06-30T12:00:00+00:00",
        "ends": "soon",
        "reason": "asked",
    }
    with portal.app.test_request_context():
        g.language = "en"
        assert changes(details) == [
            Change("Additional rights", "–", "Outbreaks"),
            Change("Jurisdiction", "Quebec", "Alberta"),
            Change("Role", "Staff", "Administrator"),
            Change("From", None, "June 30, 2026, 12:00\N{NO-BREAK SPACE}UTC"),
            Change("Until", None, "soon"),
            Change("reason", None, "asked"),
        ]
        times = {"ends": "2026-06-30T13:00:00+00:00", "level": "warning", "starts": "2026-06-30T12:00:00+00:00"}
        assert [change.name for change in changes({"after": times})] == ["Level", "From", "Until"]
        assert changes({"after": {"text_en": "x" * 101}}) == [Change("English text", None, "x" * 100 + "…")]
        assert changes({"after": {"level": "danger"}}) == [Change("Level", None, "Urgent")]
        g.language = "fr"
        assert changes({"before": 1, "after": 2, "role": "staff"}) == [
            Change("value", "1", "2"),
            Change("Rôle", None, "Personnel"),
        ]
        assert changes({}) == []


def test_a_page_shows_what_changed_and_escapes_it(portal: Service) -> None:
    append(portal, "<b>x</b>", "change-role", details={"before": {"role": "staff"}, "after": {"role": "<i>"}})
    page = person(portal, Role.ADMINISTRATOR).get("/en/audit").text
    assert "Role or rights changed" in page
    assert 'Role: Staff <span aria-hidden="true">→</span>' in page
    assert "<b>x" not in page
    assert "&lt;i&gt;" in page


def test_an_unknown_action_is_shown_by_its_name(portal: Service) -> None:
    append(portal, "x", "do-something-else")
    assert "do-something-else" in person(portal, Role.ADMINISTRATOR).get("/en/audit").text


def test_an_export_is_complete_recorded_and_without_formulas(portal: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.portal.audit_trail._BATCH", 2)
    for target in ("=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "＝1", "plain, with comma", 'quote "'):
        append(portal, target)
    response = person(portal, Role.ADMINISTRATOR).get("/en/audit/entries.csv?action=invite")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    text = response.data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["target"] for row in reversed(rows)] == [
        "'=HYPERLINK(1)",
        "'+1",
        "'-1",
        "'@x",
        "'\tx",
        "'＝1",
        "plain, with comma",
        'quote "',
    ]
    mac = bytes(portal.rows("SELECT mac FROM portal_audit_entries WHERE target = '+1'")[0].mac).hex()
    assert rows[-2]["keyed hash"] == mac
    assert portal.rows("SELECT action FROM portal_audit_entries ORDER BY id DESC")[0].action == "export-audit-log"


def test_numbers_stay_numbers_in_a_file() -> None:
    assert list(csv_lines(["a"], [[-1], ["-1"], [None]])) == ["\ufeffa\r\n", "-1\r\n", "'-1\r\n", '""\r\n']


def test_times_are_those_of_the_persons_jurisdiction(portal: Service) -> None:
    append(portal, "x", at=NOW + timedelta(minutes=5), jurisdiction="BC")
    assert "05:05\N{NO-BREAK SPACE}PDT" in person(portal, Role.ADMINISTRATOR, "BC").get("/en/audit").text

"""What belongs to another jurisdiction, by number, at every page that takes one: nothing is shown or changed."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.portal.rights import Right, Role
from app.portal.views.blueprint import PAGES
from app.store.portal.accounts import Passkey
from app.store.portal.announcements import Announcement
from app.store.portal.invitations import Invitation
from app.store.portal.issued_codes import IssuedCode
from app.store.portal.places import Alert, Place
from tests.support.portal import add_account, person
from tests.support.service import Service
from tests.support.torture import times

MARK = "Okotoks"  # in every text of the other jurisdiction
REFERENCE = "K7QW4M2P"
TABLES = (
    "api_tokens",
    "portal_accounts",
    "portal_alerts",
    "portal_announcements",
    "portal_invitations",
    "portal_issued_codes",
    "portal_mails",
    "portal_passkeys",
    "portal_places",
)
FIELDS = {"role": "staff", "email": "x@health.example", "step": "send", "severity": "1", "reference": REFERENCE}
PERIOD = {"start_date": "2026-03-16", "start_time": "12:00", "end_date": "2026-03-16", "end_time": "13:00"}


def place_of_another(now: datetime) -> Place:
    """Return a place in Alberta."""
    return Place(
        location_id="abcdefgh",
        jurisdiction="AB",
        name=MARK,
        address=MARK,
        city=MARK,
        category="food",
        contact_name=MARK,
        contact_email="",
        contact_phone="",
        created=now,
    )


def things_of_another(owner: int, place: int, now: datetime) -> list[Any]:
    """Return something of every kind of a person in Alberta."""
    later, request = now + timedelta(hours=1), secrets.token_hex(16)
    invitation = {"jurisdiction": "AB", "role": "staff", "invited_by": owner, "token_digest": secrets.token_bytes(32)}
    period = {"starts": now - timedelta(days=2), "ends": now - timedelta(days=1)}
    return [
        Passkey(account_id=owner, credential_id=b"c", public_key=b"k", sign_count=0, name=MARK, created=now),
        Invitation(email=f"{MARK}.invited@health.example", language="en", created=now, expires=later, **invitation),
        Alert(place_id=place, request_id=request, severity=1, state="failed", account_id=owner, created=now, **period),
        Announcement(
            level="information", text_en=MARK, text_fr=MARK, jurisdiction="AB", starts=now, ends=later, created=now
        ),
        IssuedCode(
            reference=REFERENCE,
            request_id=request,
            account_id=owner,
            jurisdiction="AB",
            state="issued",
            created=now,
            expires=later,
        ),
    ]


def fill(portal: Service) -> set[int]:
    """Store the things of another jurisdiction, and return their numbers."""
    now, owner = portal.clock.now, add_account(portal, "okotoks@health.example", jurisdiction="AB", name=MARK)
    with portal.database.session() as session:
        session.add(place := place_of_another(now))
        session.flush()
        session.add_all(rows := things_of_another(owner, place.id, now))
        session.flush()
        numbers = {owner, place.id, *(row.id for row in rows)}
    person(portal, Role.ADMINISTRATOR, "AB").post("/en/tokens/new", name=MARK)
    return numbers | {row.id for row in portal.rows("SELECT id FROM api_tokens UNION SELECT id FROM portal_sessions")}


def kept(portal: Service) -> dict[str, list[str]]:
    """Return all that is stored, by table."""
    query = "SELECT CAST(each AS text) AS text FROM {} AS each"
    return {name: [row.text for row in portal.rows(query.format(name))] for name in TABLES}


# Both languages have the same views and rights.
@pytest.mark.parametrize("language", times(["fr"], ["en", "fr"]))
@pytest.mark.parametrize("role", times([Role.STAFF], [Role.STAFF, Role.ADMINISTRATOR]))
def test_no_page_shows_or_changes_anything_of_another_jurisdiction(portal: Service, role: Role, language: str) -> None:
    numbers = fill(portal)
    visitor = person(portal, role, "ON", Right.OUTBREAKS)
    portal.execute("INSERT INTO portal_jurisdiction_switches (code, outbreaks) VALUES ('ON', true), ('AB', true)")
    own = {row.id for row in portal.rows("SELECT max(id) AS id FROM portal_sessions")}
    own |= {row.id for row in portal.rows("SELECT max(id) AS id FROM portal_accounts")}
    token, before, found = visitor.open_form(f"/{language}/account"), kept(portal), []
    for page in PAGES.values():
        if page.is_public or not ("<int:number>" in page.rule or "<reference>" in page.rule):
            continue
        for number in numbers - own:
            path = f"/{language}{page.rule}".replace("<int:number>", str(number)).replace("<reference>", REFERENCE)
            answers = [visitor.client.open(path, method=method) for method in page.methods if method == "GET"]
            if "POST" in page.methods:
                answers.append(visitor.send(path, token, **FIELDS, **PERIOD))
            found += [f"{path}: {each.status}" for each in answers if MARK in each.text or each.status_code == 200]
    for path in ("people", "tokens", "places", "alerts", "codes", "audit", "audit/entries.csv", "statistics", ""):
        for query in ("", "?jurisdiction=AB", "?q=okotoks", "?person=okotoks", f"?reference={REFERENCE}", "?after=0"):
            answer = visitor.get(f"/{language}/{path}{query}")
            if MARK in answer.text:
                found.append(f"{path}{query}: {answer.status}")
    assert found == []
    assert kept(portal) == before

"""Accepting an invitation and setting up a second factor."""

import re

import pyotp
import pytest

from app.domain.portal.rights import Role
from tests.support.at_once import at_once
from tests.support.authenticator import Authenticator
from tests.support.portal import Visitor, add_account, signed_in
from tests.support.portal_accounts import (
    PASSWORD,
    add_member,
    add_passkey,
    audited,
    link_in_mail,
    sign_in,
    type_password,
    use_passkey,
)
from tests.support.service import Service

INVITED = "new.nurse@health.example"
FIELDS = {"name": "Nadia Roy", "language": "en", "password": PASSWORD}


@pytest.fixture
def link(portal: Service) -> str:
    """The path in an invitation that an administrator of Ontario sent."""
    administrator = signed_in(portal, add_account(portal, "admin@health.example", role=Role.ADMINISTRATOR))
    response = administrator.post("/en/people/invite", email=INVITED, language="en", role="staff", jurisdiction="ON")
    assert response.status_code == 303, response.text
    return link_in_mail(portal)


def accept(visitor: Visitor, link: str, **fields: str) -> object:
    return visitor.post(link, **(FIELDS | fields))


def save_codes(visitor: Visitor) -> object:
    page = visitor.post("/en/set-up/codes").text
    assert len(re.findall(r"<li><code>", page)) == 10
    return visitor.post("/en/set-up/finish", page="/en/set-up/codes")


def test_an_invited_person_sets_up_a_passkey_and_saves_the_codes(portal: Service, link: str) -> None:
    visitor, key = Visitor(portal), Authenticator()
    page = visitor.get(link).text
    assert re.search(rf'value="{INVITED}" autocomplete="username" readonly', page)
    assert 'autocomplete="new-password"' in page
    assert "Ontario" in page
    assert accept(visitor, link).location == "/en/set-up"
    assert visitor.get("/en/").status_code == 303, "the portal cannot be used yet"
    assert add_passkey(visitor, key, "/en/set-up/passkey").location == "/en/set-up/codes"
    assert visitor.get("/en/").status_code == 303, "nor without the codes"
    assert save_codes(visitor).location == "/en/"
    assert visitor.get("/en/account").status_code == 200
    assert use_passkey(Visitor(portal), key).location == "/en/"
    assert [entry for entry in audited(portal) if entry != "invite"] == [
        "sign-up",
        "add-passkey",
        "make-backup-codes",
        "sign-in",
        "sign-in",
    ]


def test_an_invited_person_sets_up_an_authenticator_app(portal: Service, link: str) -> None:
    visitor = Visitor(portal)
    accept(visitor, link)
    page = visitor.get("/en/set-up/authenticator").text
    key = re.search(r'<p class="key"><code>([A-Z2-7 ]+)</code>', page)[1].replace(" ", "")
    sealed = re.search(r'name="secret" type="hidden" value="([0-9a-f]+)"', page)[1]
    code = pyotp.TOTP(key).at(int(portal.clock.now.timestamp()))
    assert visitor.post("/en/set-up/authenticator", code=code, secret=sealed).location == "/en/set-up/codes"
    assert save_codes(visitor).location == "/en/"


def test_the_set_up_cannot_be_finished_without_a_factor_and_codes(portal: Service, link: str) -> None:
    visitor = Visitor(portal)
    accept(visitor, link)
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/en/set-up/authenticator").text)[1]
    assert visitor.get("/en/set-up/codes").location == "/en/set-up"
    for _ in range(2):
        assert visitor.client.post("/en/set-up/finish", data={"csrf_token": token}).location == "/en/set-up"
        add_passkey(visitor, Authenticator(), "/en/set-up/passkey")
    assert visitor.get("/en/").status_code == 303


def test_a_set_up_that_was_interrupted_continues_after_the_password(portal: Service, link: str) -> None:
    accept(Visitor(portal), link)
    visitor = Visitor(portal)
    type_password(visitor, INVITED)
    assert visitor.get("/en/sign-in/second-factor").location == "/en/set-up"
    add_passkey(visitor, Authenticator(), "/en/set-up/passkey")
    later = Visitor(portal)
    type_password(later, INVITED)
    assert later.get("/en/set-up").location == "/en/sign-in/second-factor", "the passkey exists and is needed"


def test_a_complete_session_has_no_set_up(portal: Service) -> None:
    visitor = sign_in(portal, add_member(portal))
    assert visitor.get("/en/set-up/authenticator").location == "/en/sign-in"


def test_an_invitation_that_two_requests_accept_at_once_makes_one_account(portal: Service, link: str) -> None:
    opened = [(visitor, visitor.open_form(link)) for visitor in (Visitor(portal) for _ in range(4))]
    responses = at_once(lambda each: each[0].send(link, each[1], **FIELDS), opened)
    statuses = [response.status_code for response in responses]
    # A request that begins after another has accepted finds no invitation.
    assert (statuses.count(303), set(statuses) - {200, 303, 404}) == (1, set())
    assert len(portal.rows("SELECT 1 FROM portal_accounts WHERE email = :email", email=INVITED)) == 1
    assert all("used in the meantime" in each.text for each in responses if each.status_code == 200)


def test_an_invitation_is_valid_for_one_day_and_once(portal: Service, link: str) -> None:
    portal.clock.advance(hours=24)
    expired = Visitor(portal).get(link)
    assert (expired.status_code, "This invitation is no longer valid" in expired.text) == (404, True)
    portal.clock.advance(hours=-1)
    accept(Visitor(portal), link)
    assert Visitor(portal).get(link).status_code == 404


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"password": "new.nurse@health"}, "easy to guess"),
        ({"name": "Marguerite", "password": "marguerite2026"}, "easy to guess"),
        ({"name": " "}, "Enter your name"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"password": ""}, "Enter a password"),
        ({"language": "de"}, 'value="en"'),
    ],
)
def test_what_is_not_acceptable_is_stated_beside_the_field(
    portal: Service, link: str, fields: dict[str, str], refusal: str
) -> None:
    response = accept(Visitor(portal), link, **fields)
    assert (response.status_code, refusal in response.text) == (200, True)
    assert portal.rows("SELECT 1 FROM portal_accounts WHERE email = :email", email=INVITED) == []


def test_an_address_role_or_right_that_is_sent_changes_nothing(portal: Service, link: str) -> None:
    accept(Visitor(portal), link, username="evil@health.example", email="evil@health.example", role="superuser")
    account = portal.rows("SELECT email, role, jurisdiction FROM portal_accounts ORDER BY id DESC LIMIT 1")[0]
    assert tuple(account) == (INVITED, "staff", "ON")


def test_what_was_typed_survives_a_change_of_language(portal: Service, link: str) -> None:
    visitor = Visitor(portal)
    response = visitor.post(link.replace("/en/", "/fr/"), name="Nadia Roy", language="en", switch_language="fr")
    assert 'value="Nadia Roy"' in response.text
    assert "Créez votre compte" in response.text
    assert "error-summary" not in response.text


def test_a_name_with_nul_is_stored_without_it(portal: Service, link: str) -> None:
    assert accept(Visitor(portal), link, name="Na\0dia").status_code == 303
    assert portal.rows("SELECT name FROM portal_accounts WHERE email = :email", email=INVITED)[0].name == "Nadia"

"""Accepting an invitation and setting up a second factor; setting a new password by link."""

import re
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from app.domain.portal.rights import Role
from tests.support.authenticator import Authenticator
from tests.support.portal import Visitor, add_account, signed_in
from tests.support.portal_accounts import (
    EMAIL,
    PASSWORD,
    add_member,
    add_passkey,
    audited,
    sign_in,
    type_code,
    type_password,
    use_passkey,
)
from tests.support.service import Service

INVITED = "new.nurse@health.example"


def link_in_mail(portal: Service) -> str:
    """Return the path of the link in the newest message."""
    text = portal.app.context.portal.mail.newest(1)[0].message.text
    return re.search(r"http://localhost(/\S+)", text)[1]


@pytest.fixture
def link(portal: Service) -> str:
    """The path in an invitation that an administrator of Ontario sent."""
    administrator = signed_in(portal, add_account(portal, "admin@health.example", role=Role.ADMINISTRATOR))
    response = administrator.post("/en/people/invite", email=INVITED, language="en", role="staff", jurisdiction="ON")
    assert response.status_code == 303, response.text
    return link_in_mail(portal)


def accept(visitor: Visitor, link: str, **fields: str) -> object:
    return visitor.post(link, **({"name": "Nadia Roy", "language": "en", "password": PASSWORD} | fields))


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
    visitors = [Visitor(portal) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda visitor: accept(visitor, link), visitors))
    assert sorted(response.status_code for response in responses) == [200, 200, 200, 303]
    assert len(portal.rows("SELECT 1 FROM portal_accounts WHERE email = :email", email=INVITED)) == 1
    assert "used in the meantime" in next(each for each in responses if each.status_code == 200).text


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


# A new password by link


def request_link(portal: Service, email: str = EMAIL) -> object:
    return Visitor(portal).post("/en/password-link", email=email)


def test_a_link_sets_a_new_password_and_the_second_factor_is_still_required(portal: Service) -> None:
    member = add_member(portal)
    elsewhere = sign_in(portal, member)
    assert request_link(portal).location == "/en/password-link/sent"
    link, visitor = link_in_mail(portal), Visitor(portal)
    assert 'autocomplete="new-password"' in visitor.get(link).text
    done = visitor.post(link, password="violet tractor mirror oatmeal")
    assert "Your password was changed" in visitor.get(done.location).text
    assert elsewhere.get("/en/account").status_code == 303
    type_password(visitor, password="violet tractor mirror oatmeal")
    assert visitor.get("/en/account").status_code == 303
    assert type_code(visitor, member.totp()).location == "/en/"
    assert portal.app.context.portal.mail.newest(1)[0].message.subject == "Your password was changed"
    assert Visitor(portal).get(link).status_code == 404
    assert "reset-password" in audited(portal)


def test_a_link_unlocks_the_account(portal: Service) -> None:
    add_member(portal)
    for _ in range(10):
        type_password(Visitor(portal), password="wrong password")
    request_link(portal)
    Visitor(portal).post(link_in_mail(portal), password="violet tractor mirror oatmeal")
    assert type_password(Visitor(portal), password="violet tractor mirror oatmeal").status_code == 303


def test_a_link_is_valid_for_an_hour_and_replaces_an_earlier_one(portal: Service) -> None:
    add_member(portal)
    request_link(portal)
    first = link_in_mail(portal)
    portal.clock.advance(minutes=30)
    request_link(portal)
    second = link_in_mail(portal)
    assert Visitor(portal).get(first).status_code == 404
    portal.clock.advance(minutes=59)
    assert Visitor(portal).get(second).status_code == 200
    portal.clock.advance(minutes=1)
    expired = Visitor(portal).get(second)
    assert (expired.status_code, "This link is no longer valid" in expired.text) == (404, True)


def test_a_link_that_two_requests_use_at_once_sets_one_password(portal: Service) -> None:
    add_member(portal)
    request_link(portal)
    link = link_in_mail(portal)
    passwords = [f"violet tractor mirror oatmeal {number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda password: Visitor(portal).post(link, password=password), passwords))
    assert sorted(response.status_code for response in responses) == [200, 200, 200, 303]


def test_the_answer_is_the_same_for_an_address_without_account(portal: Service) -> None:
    add_member(portal)
    add_member(portal, "disabled@health.example", disabled_at=portal.clock.now)
    answers = {
        (response.status_code, response.location)
        for response in (request_link(portal, email) for email in (EMAIL, "x@y.example", "disabled@health.example"))
    }
    assert answers == {(303, "/en/password-link/sent")}
    decoys = [row.is_decoy for row in portal.rows("SELECT is_decoy FROM portal_mails ORDER BY id")]
    assert decoys == [False, True, True], "the same is stored, and not sent"


def test_no_more_than_five_links_are_sent_in_an_hour(portal: Service) -> None:
    add_member(portal)
    for _ in range(7):
        assert request_link(portal).location == "/en/password-link/sent"
    sent = portal.rows("SELECT count(*) AS sent FROM portal_mails WHERE NOT is_decoy")[0].sent
    assert sent == 5


def test_a_network_cannot_request_links_for_everyone(portal: Service) -> None:
    responses = [request_link(portal, f"person{number}@health.example") for number in range(51)]
    assert [each.status_code for each in responses[:50]] == [303] * 50
    assert responses[50].status_code == 429


def test_a_line_break_in_an_address_reaches_no_header(portal: Service) -> None:
    add_member(portal)
    request_link(portal, EMAIL + "\r\nBcc: evil@evil.example")
    assert portal.rows("SELECT 1 FROM portal_mails WHERE NOT is_decoy") == []


def test_the_link_is_in_the_language_of_the_person(portal: Service) -> None:
    add_member(portal, language="fr")
    request_link(portal)
    message = portal.app.context.portal.mail.newest(1)[0].message
    assert message.subject == "Choisissez un nouveau mot de passe"
    assert "/fr/new-password/" in message.text

"""Inviting people: who may invite whom, the e-mail, its link, and races."""

import re
from datetime import timedelta

import pytest

from app.domain.errors import ActionRefusedError
from app.domain.portal.addresses import normalize_address
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.rights import Right, Role
from app.portal.invitations import PURPOSE, Invitee
from tests.support.forms import fields_of
from tests.support.invitations import ADDRESS, PORTAL, actor, invite, links, number_of, stored
from tests.support.portal import add_account, person
from tests.support.service import Service


def test_an_invitation_sends_a_link_that_is_stored_as_a_keyed_hash(portal: Service) -> None:
    administrator = person(portal, Role.ADMINISTRATOR)
    response = administrator.post("/en/people/invite", email=" New.Nurse@Health.Example ", role="staff", language="fr")
    assert (response.status_code, response.location) == (303, "/en/people?invited=yes")
    assert stored(portal) == [(ADDRESS, "fr", "ON", "staff", [])]
    message = portal.app.context.portal.mail.newest()[0].message
    assert (message.to, message.subject) == (ADDRESS, "Votre invitation au portail Exposure Alert")
    token = re.search(r"http://localhost/fr/invitation/([\w-]{43})\b", message.text)
    assert token, message.text
    row = portal.rows("SELECT token_digest, expires FROM portal_invitations")[0]
    assert bytes(row.token_digest) == portal.app.context.portal.keys.digest(PURPOSE, token[1])
    assert row.expires == portal.clock.now + timedelta(days=1)
    entry = portal.rows("SELECT action, target, jurisdiction, details FROM portal_audit_entries")[0]
    assert tuple(entry) == ("invite", ADDRESS, "ON", {"after": {"role": "staff", "granted": []}})


def test_the_link_has_the_address_of_the_portal_and_not_that_of_the_request(make_service: object) -> None:
    service = make_service(SURFACES="submission,portal", PORTAL_URL="https://portal.example.org/")
    visitor = person(service, Role.ADMINISTRATOR)
    # The cookie of a portal with an https address is for https only.
    visitor.client.environ_base["wsgi.url_scheme"] = "https"
    assert visitor.get("/en/people").headers["Strict-Transport-Security"] == "max-age=31536000"
    invite(service, actor(service, Role.SUPERUSER))
    assert links(service)[0].startswith("https://portal.example.org/en/invitation/")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"email": ""}, "Enter an e-mail address"),
        ({"email": "nurse"}, "Enter an e-mail address"),
        ({"email": "nurse@hôpital.example"}, "Enter an e-mail address"),
        ({"email": "a@b.example\r\nBcc: x@y.example"}, "Enter an e-mail address"),
        ({"email": f"{'x' * 250}@b.example"}, "Enter an e-mail address"),
        ({"role": ""}, "Choose a role"),
        ({"language": ""}, "Choose a language"),
        ({"role": "superuser"}, "Enter or choose a valid value"),
        ({"granted": "outbreaks"}, "Enter or choose a valid value"),
        ({"language": "de"}, "Enter or choose a valid value"),
    ],
)
def test_what_may_not_be_sent_is_refused_with_a_reason(portal: Service, fields: dict[str, str], reason: str) -> None:
    values = {"email": ADDRESS, "role": "staff", "language": "en"} | fields
    response = person(portal, Role.ADMINISTRATOR).post("/en/people/invite", **values)
    assert response.status_code == 200
    assert reason in response.text
    assert "<title>Error:" in response.text
    assert stored(portal) == []
    assert portal.app.context.portal.mail.newest() == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Nurse@Health.Example", "nurse@health.example"),
        (" a+b'c@x.example ", "a+b'c@x.example"),
        ("a@b", None),
        ("@b.example", None),
        ("a@.example", None),
        ("a@-b.example", None),
        ("a b@c.example", None),
        ("a@b.example\n", "a@b.example"),
        ("a@b.example\nc", None),
        ("a@b@c.example", None),
        (f"a@{'b' * 244}.example", f"a@{'b' * 244}.example"),
        (f"a@{'b' * 245}.example", None),
    ],
)
def test_addresses_are_compared_in_lower_case_and_checked(raw: str, expected: str | None) -> None:
    assert normalize_address(raw) == expected


def test_only_domains_of_the_list_are_invited(make_service: object) -> None:
    service = make_service(SURFACES="submission,portal", PORTAL_MAIL_DOMAINS="health.example")
    administrator = person(service, Role.ADMINISTRATOR)
    for address in ("a@other.example", "a@x.health.example", "a@nothealth.example"):
        page = administrator.post("/en/people/invite", email=address, role="staff", language="en")
        assert "Enter an address of a domain that may use the portal" in page.text
    invite(service, actor(service))
    assert len(stored(service)) == 1


def test_an_administrator_invites_into_the_own_jurisdiction_only(portal: Service) -> None:
    administrator = person(portal, Role.ADMINISTRATOR, "ON")
    administrator.post("/en/people/invite", email=ADDRESS, role="staff", language="en", jurisdiction="AB")
    assert stored(portal) == [(ADDRESS, "en", "ON", "staff", [])]


@pytest.mark.parametrize(
    ("role", "code", "language"),
    [(Role.ADMINISTRATOR, "QC", "fr"), (Role.SUPERUSER, "QC", "fr"), (Role.SUPERUSER, "ON", "en")],
)
def test_the_form_proposes_staff_of_the_own_jurisdiction_in_its_first_language(
    portal: Service, role: Role, code: str, language: str
) -> None:
    proposed = fields_of(person(portal, role, code).get("/en/people/invite"), "invite-form")
    assert proposed.pop("csrf_token")
    jurisdiction = {"jurisdiction": [code]} if role is Role.SUPERUSER else {}
    assert proposed == {"email": [""], "role": ["staff"], "language": [language]} | jurisdiction


def test_jurisdictions_are_offered_by_name_in_the_language_of_the_page(portal: Service) -> None:
    superuser = person(portal, Role.SUPERUSER)
    for language, neighbours in (("en", ["PE", "QC"]), ("fr", ["PE", "MB"])):
        for path, others in (("people/invite", []), ("statistics", ["all"]), ("tokens/new", [])):
            page = superuser.get(f"/{language}/{path}").text
            codes = re.findall(r'<option [^>]*value="(\w+)"', page)
            assert codes[: len(others) + 1] == [*others, "AB"]
            first = codes.index(neighbours[0])
            assert codes[first : first + 2] == neighbours


def test_a_superuser_invites_anyone_into_any_jurisdiction(portal: Service) -> None:
    person(portal, Role.SUPERUSER).post(
        "/en/people/invite", email=ADDRESS, role="superuser", language="en", jurisdiction="QC", granted="outbreaks"
    )
    assert stored(portal) == [(ADDRESS, "en", "QC", "superuser", ["outbreaks"])]


def test_an_address_with_an_account_or_an_open_invitation_is_not_invited(portal: Service) -> None:
    inviter = actor(portal)
    add_account(portal, "known@health.example", jurisdiction="AB")
    with pytest.raises(ActionRefusedError, match="taken"):
        invite(portal, inviter, "Known@health.example")
    invite(portal, inviter)
    with pytest.raises(ActionRefusedError, match="taken"):
        invite(portal, inviter)
    assert len(stored(portal)) == 1


def test_an_expired_invitation_is_replaced(portal: Service) -> None:
    invite(portal, actor(portal, jurisdiction="AB"), jurisdiction="AB")
    portal.clock.now += timedelta(days=1)
    invite(portal, actor(portal))
    assert stored(portal) == [(ADDRESS, "en", "ON", "staff", [])]


def test_sending_again_makes_another_link_and_ends_the_first(portal: Service) -> None:
    invite(portal, actor(portal))
    before = portal.rows("SELECT token_digest FROM portal_invitations")[0].token_digest
    portal.clock.now += timedelta(hours=30)
    administrator = person(portal, Role.ADMINISTRATOR)
    response = administrator.post(f"/en/people/invitations/{number_of(portal)}/resend", page="/en/people")
    assert response.status_code == 303
    row = portal.rows("SELECT token_digest, expires FROM portal_invitations")[0]
    assert bytes(row.token_digest) != bytes(before)
    assert row.expires == portal.clock.now + timedelta(days=1)
    newest, first = links(portal)
    assert newest != first


def test_a_withdrawn_invitation_is_gone(portal: Service) -> None:
    invite(portal, actor(portal))
    administrator, page = person(portal, Role.ADMINISTRATOR), "/en/people"
    path = f"/en/people/invitations/{number_of(portal)}/withdraw"
    assert administrator.post(path, page=page).status_code == 303
    assert stored(portal) == []
    assert administrator.post(path, page=page).status_code == 404


@pytest.mark.parametrize("action", ["resend", "withdraw"])
@pytest.mark.parametrize(
    ("role", "jurisdiction", "expected"),
    [
        (Role.STAFF, "ON", 403),
        (Role.ADMINISTRATOR, "ON", 303),
        (Role.ADMINISTRATOR, "AB", 404),
        (Role.SUPERUSER, "AB", 303),
    ],
)
def test_invitations_are_handled_in_their_own_jurisdiction(
    portal: Service, action: str, role: Role, jurisdiction: str, expected: int
) -> None:
    invite(portal, actor(portal))
    before = portal.rows("SELECT token_digest FROM portal_invitations")[0].token_digest
    visitor = person(portal, role, jurisdiction)
    path = f"/en/people/invitations/{number_of(portal)}/{action}"
    assert visitor.post(path, page="/en/").status_code == expected
    if expected != 303:
        assert portal.rows("SELECT token_digest FROM portal_invitations")[0].token_digest == before


@pytest.mark.parametrize("action", ["resend", "withdraw"])
def test_the_invitation_of_a_superuser_is_hidden_from_administrators(portal: Service, action: str) -> None:
    invitee = Invitee(ADDRESS, "en", JURISDICTIONS["ON"], Role.SUPERUSER, frozenset())
    portal.app.context.portal.invitations.invite(actor(portal, Role.SUPERUSER), invitee, PORTAL, portal.clock.now)
    administrator = person(portal, Role.ADMINISTRATOR)
    assert ADDRESS not in administrator.get("/en/people").text
    path = f"/en/people/invitations/{number_of(portal)}/{action}"
    assert administrator.post(path, page="/en/people").status_code == 404
    assert len(stored(portal)) == 1


def test_an_administrator_does_not_send_again_what_they_may_not_grant(portal: Service) -> None:
    invitee = Invitee(ADDRESS, "en", JURISDICTIONS["ON"], Role.STAFF, frozenset({Right.OUTBREAKS}))
    portal.app.context.portal.invitations.invite(actor(portal, Role.SUPERUSER), invitee, PORTAL, portal.clock.now)
    administrator = person(portal, Role.ADMINISTRATOR)
    page = administrator.get("/en/people").text
    assert "/resend" not in page
    assert "/withdraw" in page
    path = f"/en/people/invitations/{number_of(portal)}/resend"
    assert administrator.post(path, page="/en/people").status_code == 403


def test_a_long_list_of_people_and_invitations_stays_light(portal: Service) -> None:
    inviter = actor(portal, Role.SUPERUSER)
    for number in range(52):
        invite(portal, inviter, f"a-person-with-a-long-address-{number}@department.health.example")
        add_account(portal, f"another-person-with-a-long-address-{number}@department.health.example")
    page = person(portal, Role.SUPERUSER).get("/fr/people")
    assert page.text.count("/withdraw") == 25
    assert "Seules les 25 invitations les plus récentes" in page.text
    assert len(page.data) < 65_000

"""Inviting people: who may invite whom, the e-mail, its link, and races."""

import re
from datetime import timedelta

import pytest

from app.domain.errors import ActionRefusedError, PortalPageMissingError
from app.domain.portal.addresses import normalize_address
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.people import Person
from app.domain.portal.rights import Right, Role
from app.portal.invitations import LIMIT, PURPOSE, Invitee
from app.portal.sessions import person_of
from app.store.portal import accounts
from tests.support.at_once import at_once
from tests.support.portal import add_account, person
from tests.support.service import Service

ADDRESS = "new.nurse@health.example"
PORTAL = "https://portal.example.org"


def stored(portal: Service) -> list[tuple[object, ...]]:
    """Return the invitations."""
    query = "SELECT email, language, jurisdiction, role, granted FROM portal_invitations ORDER BY id"
    return [tuple(row) for row in portal.rows(query)]


def number_of(portal: Service) -> int:
    """Return the number of the only invitation."""
    return int(portal.rows("SELECT id FROM portal_invitations")[0].id)


def links(portal: Service) -> list[str]:
    """Return the links in the e-mail that was stored, the newest first."""
    return [re.findall(r"https?://\S+", each.message.text)[0] for each in portal.app.context.portal.mail.newest()]


def actor(portal: Service, role: Role = Role.ADMINISTRATOR, jurisdiction: str = "ON", *granted: Right) -> Person:
    """Return a new person, for calls of the service."""
    email = f"actor-{role.value}-{jurisdiction.lower()}@health.example"
    number = add_account(portal, email, role=role, jurisdiction=jurisdiction, granted=granted)
    with portal.database.session() as session:
        return person_of(accounts.find(session, number))


def invite(portal: Service, inviter: Person, email: str = ADDRESS, jurisdiction: str = "ON") -> None:
    """Invite an address to be staff."""
    invitee = Invitee(email, "en", JURISDICTIONS[jurisdiction], Role.STAFF, frozenset())
    portal.app.context.portal.invitations.invite(inviter, invitee, PORTAL, portal.clock.now)


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


def test_an_inviter_sends_no_more_than_the_limit_in_an_hour_even_at_once(portal: Service) -> None:
    inviter = actor(portal)
    _record_invitations(portal, inviter, LIMIT - 1)

    def attempt(number: int) -> str:
        try:
            invite(portal, inviter, f"person{number}@health.example")
        except ActionRefusedError as error:
            return error.reason
        return "sent"

    outcomes = at_once(attempt, range(4))
    assert sorted(outcomes) == ["people.invite.error.limit"] * 3 + ["sent"]
    invite(portal, actor(portal, jurisdiction="AB"), "other@health.example", "AB")  # the limit is one person's
    portal.clock.now += timedelta(hours=1, seconds=1)
    assert attempt(9) == "sent"


def _record_invitations(portal: Service, inviter: Person, count: int) -> None:
    with portal.database.session() as session:
        for _ in range(count):
            portal.app.context.portal.audit.record(session, inviter, "invite", "x@y.example", portal.clock.now)


def test_one_address_is_invited_once_by_two_at_once(portal: Service) -> None:
    inviters = [actor(portal), actor(portal, jurisdiction="AB")]

    def attempt(inviter: Person) -> bool:
        try:
            invite(portal, inviter, jurisdiction=inviter.jurisdiction.code)
        except ActionRefusedError:
            return False
        return True

    assert sorted(at_once(attempt, inviters)) == [False, True]
    assert len(stored(portal)) == len(links(portal)) == 1


def test_an_invitation_that_is_withdrawn_and_sent_again_at_once_has_one_outcome(portal: Service) -> None:
    service, first, second = portal.app.context.portal.invitations, actor(portal), actor(portal, Role.SUPERUSER)
    for _ in range(5):
        invite(portal, first)
        number = number_of(portal)

        def attempt(call: object, number: int = number) -> str:
            try:
                call(number)
            except PortalPageMissingError:
                return "missing"
            return "done"

        calls = [
            lambda number: service.withdraw(first, number, portal.clock.now),
            lambda number: service.withdraw(second, number, portal.clock.now),
            lambda number: service.resend(second, number, PORTAL, portal.clock.now),
        ]
        outcomes = at_once(attempt, calls)
        assert outcomes[:2].count("done") == 1
        assert stored(portal) == []

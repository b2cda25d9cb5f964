"""A form that is sent after the proof of identity has expired keeps what was typed, and does nothing until another."""

from datetime import timedelta

from app.crypto.passwords import hash_password
from app.domain.portal.rights import Role
from tests.support.portal import Visitor, add_account, person, signed_in
from tests.support.portal_accounts import PASSWORD
from tests.support.service import Service

INVITATION = {"email": "grace@health.example", "language": "fr", "role": "staff", "jurisdiction": "ON"}
INVITED = "SELECT email FROM portal_invitations"


def late(portal: Service) -> tuple[Visitor, str]:
    """Return an administrator with a form for an invitation that was open for longer than a proof is valid."""
    account = add_account(portal, password_hash=hash_password(PASSWORD), role=Role.ADMINISTRATOR)
    visitor = signed_in(portal, account)
    token = visitor.open_form("/en/people/invite")
    portal.clock.now += timedelta(minutes=16)
    return visitor, token


def test_what_was_typed_is_sent_after_another_proof_in_another_window(portal: Service) -> None:
    visitor, token = late(portal)
    shown = visitor.send("/en/people/invite", token, **INVITATION)
    assert shown.status_code == 200
    assert "<title>Error" in shown.text
    assert 'value="grace@health.example"' in shown.text
    assert "more than 15 minutes ago" in shown.text
    assert '<a href="/en/confirm?next=/confirmed" target="_blank">' in shown.text
    assert portal.rows(INVITED) == []
    assert visitor.send("/en/confirm?next=/confirmed", token, password=PASSWORD).location == "/en/confirmed"
    assert "send the form again in the other one" in visitor.get("/en/confirmed").text
    assert visitor.send("/en/people/invite", token, **INVITATION).location.startswith("/en/people")
    assert portal.rows(INVITED) == [("grace@health.example",)]


def test_a_forged_form_is_refused_and_not_repeated(portal: Service) -> None:
    visitor, token = late(portal)
    for forged in (
        visitor.client.post("/en/people/invite", data=INVITATION),
        visitor.client.post(
            "/en/people/invite", data=INVITATION | {"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
        ),
    ):
        assert forged.status_code == 400
        assert "grace@health.example" not in forged.text


def test_a_page_is_still_opened_only_after_the_proof(portal: Service) -> None:
    visitor, _ = late(portal)
    assert visitor.get("/en/people/invite").location == "/en/confirm?next=%2Fpeople%2Finvite"


def test_a_typed_password_is_not_repeated(portal: Service) -> None:
    someone = person(portal)
    token = someone.open_form("/en/account/password")
    portal.clock.now += timedelta(minutes=16)
    shown = someone.send("/en/account/password", token, password="heron lantern quarry")
    assert "more than 15 minutes ago" in shown.text
    assert "heron lantern quarry" not in shown.text


def test_a_page_without_the_form_does_not_ask_to_send_it_again(portal: Service) -> None:
    visitor, token = late(portal)
    missing = visitor.send("/en/people/999999/disable", token)
    forged = visitor.client.post("/en/people/invite", data=INVITATION)
    assert [missing.status_code, forged.status_code] == [404, 400]
    assert "more than 15 minutes ago" not in missing.text + forged.text


def test_a_late_passkey_leads_to_the_proof_whose_page_replaces_its_challenge(portal: Service) -> None:
    visitor = person(portal)
    token = visitor.open_form("/en/account/passkey")
    portal.clock.now += timedelta(minutes=16)
    late_form = visitor.send("/en/account/passkey", token, answer="{}", name="Work laptop")
    assert late_form.location == "/en/confirm?next=%2Faccount%2Fpasskey"


def test_a_new_secret_of_an_authenticator_is_shown_only_after_the_proof(portal: Service) -> None:
    someone = person(portal)
    token = someone.open_form("/en/account/authenticator")
    portal.clock.now += timedelta(minutes=16)
    for fields in ({}, {"secret": "00"}, {"switch_language": "fr"}):
        response = someone.send("/en/account/authenticator", token, **fields)
        assert (response.status_code, response.location) == (303, "/en/account/authenticator")
    assert someone.get("/en/account/authenticator").location == "/en/confirm?next=%2Faccount%2Fauthenticator"

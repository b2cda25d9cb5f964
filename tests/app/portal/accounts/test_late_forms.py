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

"""Passkeys: added, used to sign in and to confirm, refused and removed."""

import json
from dataclasses import replace

import pytest

from app.upkeep import portal_retention
from tests.support.authenticator import PRESENT, Authenticator
from tests.support.forms import fields_of
from tests.support.portal import Visitor
from tests.support.portal_accounts import (
    Member,
    add_member,
    add_passkey,
    audited,
    options_in,
    options_on,
    send,
    sign_in,
    type_password,
    use_passkey,
)
from tests.support.service import Service


@pytest.fixture
def member(portal: Service) -> Member:
    """A person who has an authenticator app."""
    return add_member(portal)


@pytest.fixture
def key(portal: Service, member: Member) -> Authenticator:
    """The person's passkey."""
    authenticator = Authenticator()
    assert add_passkey(sign_in(portal, member), authenticator).location == "/en/account?message=passkey_added"
    return authenticator


def test_a_passkey_alone_signs_in(portal: Service, key: Authenticator) -> None:
    visitor = Visitor(portal)
    assert use_passkey(visitor, key).location == "/en/"
    assert visitor.get("/en/account").status_code == 200
    entry = portal.rows("SELECT action, details FROM portal_audit_entries ORDER BY id DESC LIMIT 1")[0]
    assert (entry.action, entry.details) == ("sign-in", {"second_factor": "passkey"})


def test_options_require_a_discoverable_credential_and_a_verified_person(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    creation = json.loads(options_on(visitor, "/en/account/passkey"))
    assert creation["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert creation["rp"] == {"name": "Exposure Alert portal", "id": "localhost"}
    request = json.loads(options_on(Visitor(portal), "/en/sign-in"))
    assert (request["userVerification"], request["allowCredentials"], request["rpId"]) == ("required", [], "localhost")


def test_an_authenticator_that_has_a_passkey_is_named_so_that_it_makes_no_second_one(
    portal: Service, member: Member, key: Authenticator
) -> None:
    excluded = json.loads(options_on(sign_in(portal, member), "/en/account/passkey"))["excludeCredentials"]
    assert len(excluded) == 1


def test_a_passkey_after_the_password_must_be_of_the_same_person(portal: Service, key: Authenticator) -> None:
    other = add_member(portal, "other@health.example")
    add_passkey(sign_in(portal, other), Authenticator())
    visitor = Visitor(portal)
    type_password(visitor, other.email)
    refused = use_passkey(visitor, key, "/en/sign-in/second-factor")
    assert refused.location == "/en/sign-in/second-factor?refused=passkey"
    assert "The passkey was not accepted" in visitor.get(refused.location).text


def test_a_passkey_is_refused_on_another_origin(portal: Service, key: Authenticator) -> None:
    forged = replace(key, origin="https://localhost.evil.example")
    assert use_passkey(Visitor(portal), forged).location == "/en/sign-in?refused=passkey"


def test_a_passkey_is_refused_for_another_relying_party(portal: Service, key: Authenticator) -> None:
    visitor = Visitor(portal)
    page = visitor.get("/en/sign-in")
    options = json.loads(options_on(visitor, "/en/sign-in")) | {"rpId": "evil.example"}
    refused = send(visitor, page, "/en/sign-in/passkey", answer=key.get(json.dumps(options)))
    assert refused.location == "/en/sign-in?refused=passkey"


def test_a_passkey_is_refused_if_the_authenticator_did_not_verify_the_person(
    portal: Service, key: Authenticator
) -> None:
    assert use_passkey(Visitor(portal), replace(key, flags=PRESENT)).location == "/en/sign-in?refused=passkey"


def test_a_signature_of_another_key_is_refused(portal: Service, key: Authenticator) -> None:
    forged = replace(key, key=Authenticator().key)
    assert use_passkey(Visitor(portal), forged).location == "/en/sign-in?refused=passkey"


def test_the_handle_of_another_account_is_refused(portal: Service, key: Authenticator) -> None:
    assert use_passkey(Visitor(portal), replace(key, user_handle=b"x" * 32)).location.endswith("refused=passkey")


@pytest.mark.parametrize("counts", [True, False])
def test_an_answer_is_accepted_once(portal: Service, key: Authenticator, counts: bool) -> None:
    """Also from an authenticator without a counter, and with the cookie of the first time."""
    portal.execute("UPDATE portal_passkeys SET sign_count = 0")
    key.counts, key.count = counts, 0
    visitor = Visitor(portal)
    page = visitor.get("/en/sign-in")
    cookie = visitor.client.get_cookie("portal").value
    answer = key.get(options_in(page.text))
    assert send(visitor, page, "/en/sign-in/passkey", answer=answer).location == "/en/"
    portal.execute("UPDATE portal_passkeys SET sign_count = 0")  # the counter alone would refuse it
    again = Visitor(portal)
    again.client.set_cookie("portal", cookie)
    assert send(again, page, "/en/sign-in/passkey", answer=answer).location == "/en/sign-in?refused=passkey"


def test_an_answer_to_the_challenge_of_another_browser_is_refused(portal: Service, key: Authenticator) -> None:
    answer = key.get(options_on(Visitor(portal), "/en/sign-in"))
    victim = Visitor(portal)
    page = victim.get("/en/sign-in")
    assert send(victim, page, "/en/sign-in/passkey", answer=answer).location == "/en/sign-in?refused=passkey"


def test_an_answer_that_comes_late_is_refused_with_an_explanation(portal: Service, key: Authenticator) -> None:
    visitor = Visitor(portal)
    page = visitor.get("/en/sign-in")
    portal.clock.advance(minutes=15)
    refused = send(visitor, page, "/en/sign-in/passkey", answer=key.get(options_in(page.text)))
    assert "The page was open for too long" in visitor.get(refused.location).text


def test_a_counter_that_does_not_increase_is_refused_and_recorded(portal: Service, key: Authenticator) -> None:
    copy = replace(key)
    assert use_passkey(Visitor(portal), key).location == "/en/"
    assert use_passkey(Visitor(portal), copy).location == "/en/sign-in?refused=passkey"
    assert audited(portal)[-1] == "refuse-copied-passkey"


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", "\x00", '{"id": 1}', '{"id": "a", "rawId": "a", "type": "x"}', "[" * 20_000]
)
def test_a_malformed_answer_is_refused(portal: Service, key: Authenticator, answer: str) -> None:
    visitor = Visitor(portal)
    page = visitor.get("/en/sign-in")
    assert send(visitor, page, "/en/sign-in/passkey", answer=answer).location == "/en/sign-in?refused=passkey"


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
def test_a_damaged_answer_is_refused(portal: Service, key: Authenticator, field: str) -> None:
    for damaged in ("", "A", "AAAA", "!", "é", 7):
        visitor = Visitor(portal)
        page = visitor.get("/en/sign-in")
        answer = json.loads(key.get(options_in(page.text)))
        answer["response"][field] = damaged
        refused = send(visitor, page, "/en/sign-in/passkey", answer=json.dumps(answer))
        assert refused.location == "/en/sign-in?refused=passkey", damaged


def test_a_passkey_of_a_disabled_account_is_refused(portal: Service, key: Authenticator) -> None:
    portal.execute("UPDATE portal_accounts SET disabled_at = now()")
    assert use_passkey(Visitor(portal), key).location == "/en/sign-in?refused=passkey"


def test_a_passkey_signs_in_to_an_account_whose_password_is_locked(portal: Service, key: Authenticator) -> None:
    for _ in range(10):
        type_password(Visitor(portal), password="wrong password")
    assert use_passkey(Visitor(portal), key).location == "/en/"


@pytest.mark.parametrize(
    "change",
    [{"origin": "https://evil.example"}, {"flags": PRESENT}, {"key_fields": 4}],
    ids=["origin", "verification", "incomplete key"],
)
def test_a_registration_is_checked_as_a_sign_in_is(portal: Service, member: Member, change: dict[str, object]) -> None:
    visitor = sign_in(portal, member)
    response = add_passkey(visitor, replace(Authenticator(), **change))  # type: ignore[arg-type]
    assert (response.status_code, "The passkey was not accepted" in response.text) == (200, True)
    assert portal.rows("SELECT 1 FROM portal_passkeys") == []


def test_the_same_credential_cannot_be_added_twice(portal: Service, member: Member, key: Authenticator) -> None:
    other = add_member(portal, "other@health.example")
    response = add_passkey(sign_in(portal, other), key)
    assert (response.status_code, "The passkey was not accepted" in response.text) == (200, True)


def test_a_person_may_have_several_passkeys_and_remove_all_but_the_last_factor(
    portal: Service, member: Member, key: Authenticator
) -> None:
    visitor = sign_in(portal, member)
    add_passkey(visitor, Authenticator())
    first, second = (row.id for row in portal.rows("SELECT id FROM portal_passkeys ORDER BY id"))
    assert visitor.post("/en/account/authenticator/remove").location == "/en/account?message=authenticator_removed"
    assert visitor.post(f"/en/account/passkeys/{first}/remove").location == "/en/account?message=passkey_removed"
    assert audited(portal)[-2:] == ["remove-authenticator", "remove-passkey"]
    mails = [each.message.subject for each in portal.app.context.portal.mail.newest(2)]
    assert mails == ["Your second factor was changed"] * 2
    refused = visitor.post(f"/en/account/passkeys/{second}/remove")
    assert "your only second factor" in visitor.get(refused.location).text
    assert len(portal.rows("SELECT 1 FROM portal_passkeys")) == 1
    assert use_passkey(Visitor(portal), key).location == "/en/sign-in?refused=passkey", "it was removed"


def test_the_passkey_of_another_person_cannot_be_removed(portal: Service, key: Authenticator) -> None:
    number = portal.rows("SELECT id FROM portal_passkeys")[0].id
    other = sign_in(portal, add_member(portal, "other@health.example"))
    assert other.get(f"/en/account/passkeys/{number}/remove").status_code == 404
    assert len(portal.rows("SELECT 1 FROM portal_passkeys")) == 1


def test_a_passkey_confirms_who_a_person_is(portal: Service, key: Authenticator) -> None:
    visitor = Visitor(portal)
    use_passkey(visitor, key)
    portal.clock.advance(minutes=16)
    question = visitor.get("/en/account/password").location
    assert question == "/en/confirm?next=%2Faccount%2Fpassword"
    assert f'action="{question.replace("confirm", "confirm/passkey")}"' in visitor.get(question).text
    assert use_passkey(visitor, key, "/en/confirm").location == "/en/"
    assert visitor.get("/en/account/password").status_code == 200


def test_the_passkey_of_another_person_confirms_nothing(portal: Service, key: Authenticator) -> None:
    other = sign_in(portal, add_member(portal, "other@health.example"))
    add_passkey(other, Authenticator())
    assert use_passkey(other, key, "/en/confirm").location == "/en/confirm?refused=passkey"


def test_the_browser_is_proposed_as_the_name_of_a_passkey(portal: Service, member: Member) -> None:
    browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
    page = sign_in(portal, member).get("/en/account/passkey", headers={"User-Agent": browser})
    assert fields_of(page, "passkey")["name"] == ["Firefox, Windows"]


def test_names_of_passkeys_are_escaped(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    page = visitor.get("/en/account/passkey")
    answer = Authenticator().create(options_in(page.text))
    send(visitor, page, "/en/account/passkey", answer=answer, name="<script>alert(1)</script>")
    assert "<script>alert" not in visitor.get("/en/account").text
    assert "&lt;script&gt;alert" in visitor.get("/en/account").text


def test_used_challenges_are_purged_when_they_are_too_old_to_be_answered(portal: Service, key: Authenticator) -> None:
    portal.clock.advance(minutes=14)
    assert portal_retention.purge(portal.database, portal.clock.now)["used_challenges"] == 0
    portal.clock.advance(minutes=2)
    assert portal_retention.purge(portal.database, portal.clock.now)["used_challenges"] == 1

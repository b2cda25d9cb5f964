"""Signing in with a password and a second factor."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest
from argon2 import PasswordHasher

from app.crypto import passwords
from app.crypto.passwords import hash_password, is_password
from app.domain.portal.rights import Role
from app.portal.second_factor_codes import give_code
from tests.support.portal import Visitor
from tests.support.portal_accounts import (
    EMAIL,
    PASSWORD,
    add_member,
    audited,
    sign_in,
    type_code,
    type_password,
)
from tests.support.service import Service

WRONG = "not the right password at all"


def shown(response: object) -> str:
    """Return a page without what differs in every response: tokens of forms, challenges, and what was typed."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", response.text)
    text = re.sub(r'data-options="[^"]*"', "", text)
    return re.sub(r'value="[^"]*@[^"]*"', "", text)


def token_of(visitor: Visitor) -> str | None:
    with visitor.client.session_transaction() as cookie:
        return cookie.get("token")


def test_a_password_and_a_code_open_the_page_that_was_asked_for(portal: Service) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    first = visitor.get("/en/account")
    assert first.location == "/en/sign-in?next=%2Faccount"
    second = type_password(visitor, query="?next=/account")
    assert second.location == "/en/sign-in/second-factor?next=%2Faccount"
    assert visitor.get("/en/account").status_code == 303, "a password alone opens nothing"
    third = type_code(visitor, member.totp(), "?next=/account")
    assert third.location == "/en/account"
    assert visitor.get("/en/account").status_code == 200
    assert audited(portal)[-1] == "sign-in"


def test_the_address_is_compared_without_case_and_spaces(portal: Service) -> None:
    add_member(portal)
    assert type_password(Visitor(portal), " Nurse@Health.Example ").status_code == 303


def test_each_step_has_a_new_token_and_the_one_before_ends(portal: Service) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    type_password(visitor)
    before = token_of(visitor)
    type_code(visitor, member.totp())
    after = token_of(visitor)
    assert before
    assert after
    assert before != after
    other = Visitor(portal)
    with other.client.session_transaction() as cookie:
        cookie["token"] = before
    assert other.get("/en/sign-in/second-factor").location == "/en/sign-in", "fixation: the old token is worthless"


def test_all_refusals_are_alike(portal: Service) -> None:
    add_member(portal)
    add_member(portal, "disabled@health.example", disabled_at=portal.clock.now)
    locked = add_member(portal, "locked@health.example")
    for _ in range(10):
        type_password(Visitor(portal), locked.email, WRONG)
    refused = [
        type_password(Visitor(portal), email, password)
        for email, password in (
            (EMAIL, WRONG),
            ("unknown@health.example", WRONG),
            ("disabled@health.example", PASSWORD),
            (locked.email, PASSWORD),
        )
    ]
    assert {response.status_code for response in refused} == {200}
    assert len({shown(response) for response in refused}) == 1
    assert "Set a new password" in refused[0].text, "the page states what to do"


def test_an_unknown_account_is_refused_after_a_verification_of_the_same_cost(
    portal: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: dict[str, list[str]] = {EMAIL: [], "unknown@health.example": []}
    add_member(portal)
    hasher = passwords._HASHER
    for email, parameters in verified.items():
        recorder = Mock(wraps=hasher)
        monkeypatch.setattr(passwords, "_HASHER", recorder)
        assert type_password(Visitor(portal), email, WRONG).status_code == 200
        parameters += [call.args[0].rpartition("$")[0].rpartition("$")[0] for call in recorder.verify.call_args_list]
    known, unknown = verified.values()
    assert known == unknown == ["$argon2id$v=19$m=8,t=1,p=1"]


def meanwhile(portal: Service, monkeypatch: pytest.MonkeyPatch, change: str, **values: object) -> None:
    """Change the account while its password is verified, which takes long on purpose."""

    def verify(password: str, password_hash: str | None) -> bool:
        portal.execute(f"UPDATE portal_accounts SET {change}", **values)  # noqa: S608 - a constant
        return is_password(password, password_hash)

    monkeypatch.setattr("app.portal.sign_in.is_password", verify)


def test_a_new_hash_of_a_password_undoes_no_change_of_the_account(
    portal: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_member(portal, role=Role.ADMINISTRATOR)
    (before,) = portal.rows("SELECT password_hash FROM portal_accounts")
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    meanwhile(portal, monkeypatch, "role = 'staff'")
    assert type_password(Visitor(portal)).status_code == 303
    (after,) = portal.rows("SELECT password_hash, role FROM portal_accounts")
    assert after.role == "staff"
    assert after.password_hash != before.password_hash
    assert is_password(PASSWORD, after.password_hash)


@pytest.mark.parametrize("change", ["disabled_at = now()", "password_hash = :other"])
def test_a_password_that_is_no_longer_valid_when_it_was_verified_is_refused(
    portal: Service, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    add_member(portal)
    values = {"other": hash_password("violet tractor mirror oatmeal")} if ":other" in change else {}
    meanwhile(portal, monkeypatch, change, **values)
    assert type_password(Visitor(portal)).status_code == 200
    assert portal.rows("SELECT 1 FROM portal_sessions") == []


@pytest.mark.parametrize("form", ["{0}", "{1} {2}", "{1}-{2}", " {0} "])
def test_spaces_and_dashes_in_a_code_are_ignored(portal: Service, form: str) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    type_password(visitor)
    code = member.totp()
    assert type_code(visitor, form.format(code, code[:3], code[3:])).location == "/en/"


@pytest.mark.parametrize(("steps", "is_accepted"), [(-2, False), (0, True), (1, True), (2, False)])
def test_a_code_of_the_neighbouring_step_is_accepted(portal: Service, steps: int, is_accepted: bool) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    type_password(visitor)
    assert (type_code(visitor, member.totp(steps)).status_code == 303) == is_accepted


@pytest.mark.parametrize("code", ["12345é", "\uff11\uff12\uff13\uff14\uff15\uff16", "\U0001f511" * 6])
def test_a_code_with_other_characters_is_wrong(portal: Service, code: str) -> None:
    visitor = Visitor(portal)
    add_member(portal)
    type_password(visitor)
    refused = type_code(visitor, code)
    assert (refused.status_code, "The code is wrong" in refused.text) == (200, True)
    assert 'id="code-error"' in refused.text


def test_after_the_loss_of_a_secret_an_administrator_lets_people_in_again(make_service: Callable[..., Service]) -> None:
    settings = {"SURFACES": "submission,portal", "PUBLISH_ACTIVE_KEYS": "true"}
    member = add_member(make_service(**settings, PORTAL_SECRET_KEYS="dd" * 32))
    visitor = Visitor(make_service(**settings, PORTAL_SECRET_KEYS=f"{'ee' * 32},{'dd' * 32}"))
    type_password(visitor)
    assert type_code(visitor, member.codes[0]).location == "/en/", "the secret is still known"
    portal = make_service(**settings, PORTAL_SECRET_KEYS="ee" * 32)
    visitor = Visitor(portal)
    assert type_password(visitor).status_code == 303
    refused = type_code(visitor, member.totp())
    assert (refused.status_code, "The code is wrong" in refused.text) == (200, True)
    with portal.database.session() as session:
        code = give_code(session, portal.app.context.portal.keys, member.account_id, portal.clock.now)
    assert type_code(visitor, code).location == "/en/"


def test_a_code_that_was_used_is_refused(portal: Service) -> None:
    member = add_member(portal)
    code = member.totp()
    for visitor, status in ((Visitor(portal), 303), (Visitor(portal), 200)):
        type_password(visitor)
        assert type_code(visitor, code).status_code == status


def test_a_code_that_two_requests_use_at_once_is_accepted_once(portal: Service) -> None:
    member = add_member(portal)
    for code in (member.totp(), member.codes[0]):
        visitors = [Visitor(portal) for _ in range(4)]
        for visitor in visitors:
            type_password(visitor)
        with ThreadPoolExecutor(len(visitors)) as pool:
            statuses = list(pool.map(lambda visitor, code=code: type_code(visitor, code).status_code, visitors))
        assert sorted(statuses) == [200, 200, 200, 303]


def test_a_backup_code_can_be_used_once(portal: Service) -> None:
    member = add_member(portal)
    code = member.codes[0].lower()
    for typed, status in ((f"{code[:3]} {code[3:6]}-{code[6:]}", 303), (code, 200)):
        visitor = Visitor(portal)
        type_password(visitor)
        assert type_code(visitor, typed).status_code == status


def test_a_person_is_told_by_e_mail_that_a_backup_code_was_used(portal: Service) -> None:
    sign_in(portal, add_member(portal))
    message = portal.app.context.portal.mail.newest(1)[0].message
    assert (message.to, message.subject) == (EMAIL, "A backup code was used")
    assert "Unused codes: 9 of 10." in message.text


def test_a_backup_code_of_another_person_is_refused(portal: Service) -> None:
    add_member(portal)
    other = add_member(portal, "other@health.example")
    visitor = Visitor(portal)
    type_password(visitor)
    assert type_code(visitor, other.codes[0]).status_code == 200


def test_a_code_from_an_administrator_is_valid_for_a_day(portal: Service) -> None:
    member = add_member(portal)
    for hours, status in ((23, 303), (24, 200)):
        with portal.database.session() as session:
            code = give_code(session, portal.app.context.portal.keys, member.account_id, portal.clock.now)
        portal.clock.advance(hours=hours)
        visitor = Visitor(portal)
        type_password(visitor)
        assert type_code(visitor, code).status_code == status


def test_a_password_alone_sets_up_no_second_factor_for_an_account_that_had_one(portal: Service) -> None:
    member = add_member(portal)
    sign_in(portal, member)
    portal.execute("UPDATE portal_accounts SET totp_secret = NULL")
    visitor = Visitor(portal)
    type_password(visitor)
    for path in ("/set-up", "/set-up/passkey", "/set-up/authenticator", "/set-up/codes"):
        assert visitor.get(f"/en{path}").location == "/en/sign-in/second-factor"
    assert "an administrator gave you" in visitor.get("/en/sign-in/second-factor").text
    type_code(visitor, member.codes.pop())
    assert visitor.get("/en/set-up").status_code == 200, "the second factor was proved, and can be replaced"
    assert visitor.get("/en/account").status_code == 303


def test_pages_with_links_send_no_referrer_and_are_not_stored(portal: Service) -> None:
    response = Visitor(portal).get("/en/invitation/" + "y" * 43)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_a_session_that_ended_is_reported_on_the_page_for_signing_in(portal: Service) -> None:
    visitor = sign_in(portal, add_member(portal))
    portal.clock.advance(hours=2)
    page = visitor.client.get("/en/account", follow_redirects=True)
    assert "Your session has ended. Nothing" in page.text
    assert "Your session has ended" not in visitor.get("/en/sign-in").text


def test_fields_state_their_purpose(portal: Service) -> None:
    add_member(portal)
    visitor = Visitor(portal)
    page = visitor.get("/en/sign-in").text
    assert 'autocomplete="username webauthn"' in page
    assert 'autocomplete="current-password"' in page
    type_password(visitor)
    assert 'autocomplete="one-time-code"' in visitor.get("/en/sign-in/second-factor").text

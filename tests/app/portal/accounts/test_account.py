"""A person's own account: password, second factors, sessions and confirmation."""

import re
from html import unescape
from urllib.parse import quote

import pyotp
import pytest

from app.web.i18n import load_catalogue
from tests.support.portal import Visitor
from tests.support.portal_accounts import (
    EMAIL,
    PASSWORD,
    Member,
    add_member,
    audited,
    send,
    sign_in,
    type_code,
    type_password,
)
from tests.support.service import Service

NEW_PASSWORD = "violet tractor mirror oatmeal"


@pytest.fixture
def member(portal: Service) -> Member:
    """A person who has an authenticator app."""
    return add_member(portal)


def subjects(portal: Service) -> list[str]:
    """Return the subjects of the messages about changes, the oldest first. Tests sign in with backup codes."""
    found = [each.message.subject for each in reversed(portal.app.context.portal.mail.newest())]
    return [subject for subject in found if subject != "A backup code was used"]


def codes_on(text: str) -> list[str]:
    return [code.replace(" ", "") for code in re.findall(r"<li><code>([^<]+)</code>", text)]


def test_the_name_and_the_language_can_be_changed(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    response = visitor.post("/en/account/details", name="  Zoé <b>Roy</b> ", language="fr")
    assert response.location == "/en/account?message=details"
    page = visitor.get(response.location).text
    assert "Zoé &lt;b&gt;Roy&lt;/b&gt;" in page
    assert "Your details were changed." in page
    assert (member.person.name, member.person.language) == ("Zoé <b>Roy</b>", "fr")


def test_a_message_in_the_address_is_one_of_ours(portal: Service, member: Member) -> None:
    visitor, texts = sign_in(portal, member), load_catalogue("portal", "fr")
    done = "accounts.account.done."
    for name, text in texts.below(done).items():
        assert text in unescape(visitor.get(f"/fr/account?message={name.removeprefix(done)}").text)
    for message in ("", "nonsense", "details.x", "<script>"):
        page = visitor.get("/en/account", query_string={"message": message})
        assert (page.status_code, "notice--success" in page.text) == (200, False)


def test_a_new_password_ends_the_other_sessions_and_is_reported(portal: Service, member: Member) -> None:
    visitor, elsewhere = sign_in(portal, member), sign_in(portal, member)
    assert visitor.post("/en/account/password", password=NEW_PASSWORD).location == "/en/account?message=password"
    assert visitor.get("/en/account").status_code == 200
    assert elsewhere.get("/en/account").status_code == 303
    assert type_password(Visitor(portal), password=PASSWORD).status_code == 200
    assert type_password(Visitor(portal), password=NEW_PASSWORD).status_code == 303
    assert subjects(portal) == ["Your password was changed"]
    assert audited(portal)[-1] == "change-password"


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("elevenchars", "at least 12 characters"),
        ("x9Q" * 43, "at most 128 characters"),
        ("password123456", "easy to guess"),
        ("tractor mirror", "easy to guess"),
        ("exposurealert1", "easy to guess"),
        ("portailexposure", "easy to guess"),
        ("canadahealthqzvkxwj", "easy to guess"),
        (EMAIL, "easy to guess"),
        ("nurse.health.2026", "easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("qwertyuiopasdf", "easy to guess"),
        ("", "Enter a password"),
    ],
)
def test_a_password_that_is_short_or_guessable_is_refused(
    portal: Service, member: Member, password: str, refusal: str
) -> None:
    response = sign_in(portal, member).post("/en/account/password", password=password)
    assert (response.status_code, refusal in response.text) == (200, True)
    assert 'aria-invalid="true"' in response.text


@pytest.mark.parametrize(
    "password",
    [
        NEW_PASSWORD,
        "  spaces around it are kept  ",
        "Kj9#mPq2$vX7",
        "été" * 2 + "grenouille nénuphar",
        "canadahealthqzvkxwjp",
        ("violet tractor mirror oatmeal " * 5)[:128],
    ],
)
def test_other_passwords_are_accepted(portal: Service, member: Member, password: str) -> None:
    assert sign_in(portal, member).post("/en/account/password", password=password).status_code == 303
    assert type_password(Visitor(portal), password=password).status_code == 303


def test_what_is_dangerous_needs_a_recent_confirmation(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    portal.clock.advance(minutes=15)
    for path in ("password", "passkey", "passkeys/1/remove", "authenticator", "authenticator/remove", "codes"):
        assert visitor.get(f"/en/account/{path}").location == "/en/confirm?next=" + quote(f"/account/{path}", "")
    refused = visitor.post("/en/confirm?next=/account/codes", password="wrong password")
    assert "The password is wrong" in refused.text
    assert 'id="password-error"' in refused.text
    before = visitor.client.get_cookie("portal").value
    assert visitor.post("/en/confirm?next=/account/codes", password=PASSWORD).location == "/en/account/codes"
    assert visitor.get("/en/account/codes").status_code == 200
    other = Visitor(portal)
    other.client.set_cookie("portal", before)
    assert other.get("/en/account").status_code == 303, "the token was replaced"


def test_a_confirmation_keeps_the_forms_of_other_tabs_valid(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    form = visitor.get("/en/account/details")
    visitor.post("/en/confirm", password=PASSWORD)
    assert send(visitor, form, "/en/account/details", name="Zoé", language="en").status_code == 303


def test_guesses_on_the_page_for_confirming_are_limited(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    for _ in range(10):
        visitor.post("/en/confirm", password="wrong password")
    assert visitor.post("/en/confirm", password=PASSWORD).status_code == 200
    assert audited(portal)[-1] == "lock-out"


def test_an_authenticator_app_is_set_up_with_its_first_code(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    page = visitor.get("/en/account/authenticator").text
    key = re.search(r'<p class="key"><code>([A-Z2-7 ]+)</code>', page)[1]
    assert "<svg" in page
    assert "style=" not in page
    sealed = re.search(r'name="secret" type="hidden" value="([0-9a-f]+)"', page)[1]
    code = pyotp.TOTP(key.replace(" ", "")).at(int(portal.clock.now.timestamp()))
    wrong = visitor.post("/en/account/authenticator", code="123 456", secret=sealed)
    assert ("The code is wrong" in wrong.text, key in wrong.text) == (True, True), "the same key is still shown"
    done = visitor.post("/en/account/authenticator", code=f"{code[:3]} {code[3:]}", secret=sealed)
    assert done.location == "/en/account?message=authenticator"
    assert subjects(portal) == ["Your second factor was changed"]
    again = Visitor(portal)
    type_password(again)
    assert type_code(again, code).status_code == 200, "the code that was typed for the set-up is used up"
    portal.clock.advance(seconds=30)
    assert type_code(again, pyotp.TOTP(key.replace(" ", "")).at(int(portal.clock.now.timestamp()))).status_code == 303


def test_the_secret_of_another_person_is_refused(portal: Service, member: Member) -> None:
    other = add_member(portal, "other@health.example")
    pending = portal.app.context.portal.second_factors.new_secret(other.person)
    code = pyotp.TOTP(pending.secret).at(int(portal.clock.now.timestamp()))
    response = sign_in(portal, member).post("/en/account/authenticator", code=code, secret=pending.sealed)
    assert response.status_code == 200
    assert pending.secret[:4] not in response.text


def test_the_only_second_factor_cannot_be_removed(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    response = visitor.post("/en/account/authenticator/remove")
    assert "your only second factor" in visitor.get(response.location).text


def test_new_backup_codes_replace_the_old_ones_and_are_shown_once(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    assert codes_on(visitor.get("/en/account/codes").text) == []
    codes = codes_on(visitor.post("/en/account/codes").text)
    assert len(set(codes)) == 10
    assert codes_on(visitor.get("/en/account/codes").text) == []
    other = Visitor(portal)
    type_password(other)
    assert type_code(other, member.codes[0]).status_code == 200
    assert "not confirmed" in visitor.get("/en/account").text
    assert visitor.post("/en/account/codes/saved", page="/en/account").location == "/en/account?message=codes"
    assert "not confirmed" not in visitor.get("/en/account").text
    assert type_code(other, codes[0]).location == "/en/"


def test_codes_that_were_not_saved_are_made_again_at_the_next_sign_in(portal: Service, member: Member) -> None:
    sign_in(portal, member).post("/en/account/codes")
    visitor = Visitor(portal)
    type_password(visitor)
    assert type_code(visitor, member.totp()).location == "/en/"
    assert visitor.get("/en/").status_code == 303
    assert visitor.get("/en/set-up").location == "/en/set-up/codes"


def test_a_notice_appears_when_two_codes_are_left(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    assert "Unused codes: 9 of 10." in visitor.get("/en/account").text
    portal.execute("DELETE FROM portal_backup_codes WHERE id IN (SELECT id FROM portal_backup_codes LIMIT 6)")
    assert "almost no backup codes" not in visitor.get("/en/account").text
    portal.execute("DELETE FROM portal_backup_codes WHERE id IN (SELECT id FROM portal_backup_codes LIMIT 1)")
    assert "almost no backup codes" in visitor.get("/en/account").text


def test_sessions_are_listed_and_ended_one_by_one(portal: Service, member: Member) -> None:
    visitor, elsewhere = sign_in(portal, member), sign_in(portal, member)
    numbers = re.findall(r"/en/account/sessions/(\d+)/end", visitor.get("/en/account").text)
    assert len(numbers) == 1, "not one's own"
    response = visitor.post(f"/en/account/sessions/{numbers[0]}/end", page="/en/account")
    assert response.location == "/en/account?message=session"
    assert elsewhere.get("/en/account").status_code == 303
    assert visitor.get("/en/account").status_code == 200


def test_the_session_of_another_person_cannot_be_ended(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    other = sign_in(portal, add_member(portal, "other@health.example"))
    number = portal.rows("SELECT max(id) AS id FROM portal_sessions")[0].id
    assert visitor.post(f"/en/account/sessions/{number}/end", page="/en/account").status_code == 404
    assert other.get("/en/account").status_code == 200


def test_a_person_can_sign_out_everywhere(portal: Service, member: Member) -> None:
    visitor, elsewhere = sign_in(portal, member), sign_in(portal, member)
    response = visitor.post("/en/account/sessions/end", page="/en/account")
    assert "signed out on all devices" in visitor.get(response.location).text
    assert elsewhere.get("/en/account").status_code == 303


def test_a_session_is_continued_by_a_script(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/en/account").text)[1]
    portal.clock.advance(minutes=59)
    response = visitor.client.post("/en/session/continue", data={"csrf_token": token})
    assert response.json == {"seconds": 3600}
    portal.clock.advance(minutes=59)
    assert visitor.get("/en/account").status_code == 200
    assert visitor.client.post("/en/session/continue").status_code == 400, "without the token of a form"


def test_a_session_is_not_continued_beyond_twelve_hours(portal: Service, member: Member) -> None:
    visitor = sign_in(portal, member)
    for _ in range(14):
        portal.clock.advance(minutes=50)
        token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/en/account").text)[1]
    assert visitor.client.post("/en/session/continue", data={"csrf_token": token}).json == {"seconds": 20 * 60}

"""Accounts of the portal in a real Chromium: invitation, passkeys and the authenticator app."""

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.portal_accounts.conftest import Open, add_authenticator
from tests.support.portal_accounts import PASSWORD as MEMBER_PASSWORD
from tests.support.portal_accounts import add_member
from tests.support.service import Service

PASSWORD = "heron lantern quarry biscuit"


def sign_up(page: Page) -> None:
    """Fill in the form of an invitation by keyboard, and send it with Enter."""
    page.locator("#name").fill("Zoé Roy")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/set-up")


def set_up_with_a_passkey(page: Page) -> None:
    """Follow the links to a passkey and to the codes, which are then shown."""
    page.get_by_role("main").get_by_role("link").first.click()
    page.locator("#passkey").get_by_role("button").click()
    page.wait_for_url("**/set-up/codes")
    page.get_by_role("main").get_by_role("button").click()
    expect(page.locator(".backup-codes li")).to_have_count(10)


def finish(page: Page) -> None:
    """Confirm that the codes are saved."""
    page.get_by_role("main").get_by_role("button").last.click()
    page.wait_for_url(re.compile(r"/(en|fr)/$"))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_invited_person_signs_up_with_a_passkey_and_signs_in_with_it_alone(
    open_portal: Open, invite: Callable[[str, str], str], language: str
) -> None:
    page = open_portal(invite(f"passkey-{language}@health.example", language))
    sign_up(page)
    set_up_with_a_passkey(page)
    finish(page)
    page.locator(".site-bar__sign-out").click()
    # This authenticator answers the request that waits in the field's autofill at once, without a click.
    page.wait_for_url(re.compile(rf"/{language}/$"))
    page.goto(f"/{language}/account")
    expect(page.get_by_role("heading", level=1)).to_have_text({"en": "Your account", "fr": "Votre compte"}[language])


def test_a_passkey_is_used_with_a_button_after_the_password(
    open_portal: Open, invite: Callable[[str, str], str]
) -> None:
    page = open_portal(invite("second@health.example", "en"))
    sign_up(page)
    set_up_with_a_passkey(page)
    finish(page)
    page.goto("/en/confirm?next=/account/password")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/account/password")
    expect(page.locator("#password")).to_be_visible()


def test_a_passkey_that_the_person_refuses_is_explained(open_portal: Open, invite: Callable[[str, str], str]) -> None:
    page = open_portal(invite("refuses@health.example", "en"), has_authenticator=False)
    sign_up(page)
    add_authenticator(page, isUserVerified=False)
    page.goto("/en/set-up/passkey")
    page.locator("#passkey").get_by_role("button").click()
    expect(page.locator("#passkey [role=status]")).to_have_text("No passkey was used. Try again when you are ready.")
    expect(page.locator("#passkey button")).not_to_have_attribute("aria-busy", "true")


def test_an_authenticator_app_is_set_up_by_keyboard_and_its_code_signs_in(
    open_portal: Open, invite: Callable[[str, str], str]
) -> None:
    page = open_portal(invite("app@health.example", "en"), has_authenticator=False)
    sign_up(page)
    page.get_by_role("link", name="Set up an app").press("Enter")
    key = page.locator(".key").inner_text().replace(" ", "")
    page.get_by_label("Code of six digits").fill(pyotp.TOTP(key).now())
    page.keyboard.press("Enter")
    page.wait_for_url("**/set-up/codes")
    page.get_by_role("button", name="Show the codes").press("Enter")
    code = page.locator(".backup-codes li").first.inner_text()
    page.get_by_role("button", name="I have saved the codes").press("Enter")
    page.wait_for_url("**/en/")
    page.get_by_role("button", name="Sign out").first.press("Enter")
    page.wait_for_url("**/sign-in")
    page.get_by_label("E-mail address").fill("app@health.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/second-factor")
    page.get_by_label("Code", exact=True).fill(code.lower())
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/")
    expect(page.locator(".site-bar__person")).to_contain_text("Zoé Roy")


def test_codes_are_copied_and_downloaded(open_portal: Open, invite: Callable[[str, str], str], tmp_path: Path) -> None:
    page = open_portal(invite("codes@health.example", "en"), permissions=["clipboard-read", "clipboard-write"])
    sign_up(page)
    set_up_with_a_passkey(page)
    codes = page.locator(".backup-codes code").all_inner_texts()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("The codes were copied.")).to_be_visible()
    assert all(code in page.evaluate("navigator.clipboard.readText()") for code in codes)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "codes.txt")
    assert download.value.suggested_filename == "exposure-alert-backup-codes.txt"
    assert all(code in (tmp_path / "codes.txt").read_text() for code in codes)
    finish(page)


def test_a_password_can_be_shown_and_is_sent_as_one(open_portal: Open) -> None:
    page = open_portal("/en/sign-in", has_authenticator=False)
    password = page.get_by_label("Password", exact=True)
    password.fill(PASSWORD)
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(password).to_have_attribute("type", "password")


def test_enter_sends_the_form_and_the_button_for_the_language_keeps_what_was_typed(open_portal: Open) -> None:
    page = open_portal("/en/sign-in", has_authenticator=False)
    page.get_by_label("E-mail address").fill("someone@health.example")
    page.get_by_role("button", name="Français").click()
    page.wait_for_url("**/fr/sign-in")
    expect(page.get_by_label("Adresse de courriel")).to_have_value("someone@health.example")
    page.get_by_label("Mot de passe", exact=True).fill("not the password")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("html")).to_have_attribute("lang", "fr-CA")


def test_a_locked_account_is_unlocked_with_a_link_from_the_outbox(open_portal: Open, service: Service) -> None:
    member = add_member(service, "locked@health.example")
    page = open_portal("/en/sign-in", has_authenticator=False)
    for _ in range(11):
        page.get_by_label("E-mail address").fill(member.email)
        page.get_by_label("Password", exact=True).fill("not the password")
        page.keyboard.press("Enter")
        expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("Password", exact=True).fill(MEMBER_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_contain_text("the account is locked")
    page.get_by_role("link", name="Set a new password").press("Enter")
    page.get_by_label("E-mail address").fill(member.email)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")
    page.goto("/en/outbox")
    page.goto(re.search(r"http://localhost:\d+(/en/new-password/\S+)", page.inner_text("main"))[1])
    page.get_by_label("New password", exact=True).fill("violet tractor mirror oatmeal")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password was changed.")).to_be_visible()
    page.get_by_label("E-mail address").fill(member.email)
    page.get_by_label("Password", exact=True).fill("violet tractor mirror oatmeal")
    page.keyboard.press("Enter")
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(member.secret).now())
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/")

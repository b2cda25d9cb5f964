"""Accounts of the portal in a real Chromium: invitation, passkeys, the authenticator app, and the end of a session."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from app.domain.timeline import utc_now
from tests.browser.conftest import opening
from tests.support.clock import FakeClock
from tests.support.portal_accounts import PASSWORD as MEMBER_PASSWORD
from tests.support.portal_accounts import add_member
from tests.support.service import Service, empty, start_service
from tests.support.settings import SECRETS, make_settings
from tests.support.web import web_process

SURFACES = {"SURFACES": "submission,portal"}
PASSWORD = "heron lantern quarry biscuit"
VIRTUAL_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def portal_address(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A portal on a host name, which passkeys need."""
    log = tmp_path_factory.mktemp("portal") / "web.log"
    with web_process(SECRETS | SURFACES | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}, log) as web:
        yield f"http://localhost:{web.port}"


@pytest.fixture
def service(database_url: str, redis_url: str) -> Iterator[Service]:
    """The same application in this process, for what an operator would do."""
    service = start_service(make_settings(database_url, redis_url, **SURFACES), FakeClock(runs=True))
    empty(service)
    yield service
    service.database.dispose()
    service.app.context.redis.close()


@pytest.fixture
def invite(service: Service) -> Callable[[str, str], str]:
    """Invite a superuser to the portal, and return the path of the link."""

    def invite(email: str, language: str = "en") -> str:
        token = service.app.context.portal.operation.invite_superuser(email, "ON", language, utc_now())
        return f"/{language}/invitation/{token}"

    return invite


@pytest.fixture
def open_portal(browser: Browser, portal_address: str, service: Service) -> Iterator[Open]:
    """Open a page of the portal, with an authenticator in the browser."""
    with opening(browser, portal_address) as open_page:

        def open_portal(path: str, *, has_authenticator: bool = True, **options: object) -> Page:
            page = open_page(**options)
            if has_authenticator:
                add_authenticator(page)
            page.goto(path)
            return page

        yield open_portal


def add_authenticator(page: Page, **options: object) -> None:
    """Give the browser an authenticator, which answers at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL_AUTHENTICATOR | options})


def sign_up(page: Page, name: str = "Zoé Roy") -> None:
    """Fill in the form of an invitation by keyboard, and send it with Enter."""
    page.locator("#name").fill(name)
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


def test_a_passkey_that_the_person_refuses_is_explained(open_portal: Open, invite: Callable[[str, str], str]) -> None:
    page = open_portal(invite("refuses@health.example", "en"), has_authenticator=False)
    sign_up(page)
    add_authenticator(page, isUserVerified=False)
    page.goto("/en/set-up/passkey")
    page.locator("#passkey").get_by_role("button").click()
    expect(page.locator("#passkey [role=status]")).to_have_text("No passkey was used. Try again when you are ready.")
    expect(page.locator("#passkey button")).not_to_have_attribute("aria-busy", "true")


def test_an_authenticator_app_is_set_up_by_keyboard_and_its_code_signs_in(
    open_portal: Open, invite: Callable[[str, str], str], service: Service
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


# The end of a session


@pytest.fixture
def signed_in(open_portal: Open, invite: Callable[[str, str], str]) -> Page:
    """A page of a person who has signed in, whose clock a test sets."""
    page = open_portal(invite("session@health.example", "en"))
    sign_up(page)
    set_up_with_a_passkey(page)
    finish(page)
    page.clock.install()
    page.goto("/en/account")
    return page


def test_a_warning_two_minutes_before_the_end_continues_the_session_by_keyboard(signed_in: Page) -> None:
    dialog = signed_in.get_by_role("alertdialog")
    signed_in.clock.fast_forward("57:00")
    expect(dialog).to_be_hidden()
    signed_in.clock.fast_forward("01:01")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Continue")).to_be_focused()
    expect(dialog.get_by_role("status")).to_have_text("It ends in about two minutes.")
    signed_in.clock.fast_forward("01:00")
    expect(dialog.get_by_role("status")).to_have_text("It ends in about one minute.")
    with signed_in.expect_response("**/session/continue") as answer:
        signed_in.keyboard.press("Enter")
    assert answer.value.json() == {"seconds": 3600}
    expect(dialog).to_be_hidden()
    signed_in.clock.fast_forward("58:01")
    expect(dialog).to_be_visible()


def test_escape_continues_the_session(signed_in: Page) -> None:
    signed_in.clock.fast_forward("58:01")
    expect(signed_in.get_by_role("alertdialog")).to_be_visible()
    with signed_in.expect_response("**/session/continue"):
        signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_role("alertdialog")).to_be_hidden()


def test_after_the_end_the_page_states_what_was_lost(signed_in: Page) -> None:
    signed_in.clock.fast_forward("58:01")
    expect(signed_in.get_by_role("alertdialog")).to_be_visible()
    signed_in.clock.fast_forward("02:01")
    expect(signed_in.get_by_role("heading", name="Your session has ended")).to_be_visible()
    expect(signed_in.get_by_text("Nothing that you saved or issued was lost.")).to_be_visible()
    expect(signed_in.get_by_role("link", name="Sign in again")).to_be_focused()


def test_the_warning_signs_out(signed_in: Page) -> None:
    signed_in.clock.fast_forward("58:01")
    signed_in.keyboard.press("Tab")
    expect(signed_in.get_by_role("alertdialog").get_by_role("button", name="Sign out")).to_be_focused()
    with signed_in.expect_response("**/sign-out") as answer:
        signed_in.keyboard.press("Enter")
    assert answer.value.status == 303


def test_a_session_that_cannot_be_continued_reports_it(signed_in: Page) -> None:
    signed_in.clock.fast_forward("58:01")
    signed_in.route("**/session/continue", lambda route: route.abort())
    signed_in.get_by_role("alertdialog").get_by_role("button", name="Continue").click()
    expect(signed_in.get_by_role("status")).to_have_text(re.compile("could not be continued"))


def test_another_tab_that_is_used_takes_the_warning_away(signed_in: Page) -> None:
    signed_in.clock.fast_forward("58:01")
    dialog = signed_in.get_by_role("alertdialog")
    expect(dialog).to_be_visible()
    other = signed_in.context.new_page()
    other.goto(signed_in.url)
    expect(dialog).to_be_hidden()

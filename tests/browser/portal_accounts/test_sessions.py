"""The end of a session of the portal in a real Chromium: the warning, and what follows."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.portal_accounts.conftest import Open
from tests.support.portal import add_account
from tests.support.portal import signed_in as begin_session
from tests.support.service import Service


def sign_in_as(page: Page, service: Service, account: int) -> None:
    """Give the browser a new session of an account, as the pages for signing in do."""
    cookie = begin_session(service, account).client.get_cookie("portal")
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": origin}])


@pytest.fixture
def signed_in(open_portal: Open, service: Service) -> Page:
    """A page of a person who has signed in, whose clock a test sets."""
    page = open_portal("/en/sign-in", has_authenticator=False)
    sign_in_as(page, service, add_account(service))
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


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_after_the_end_what_is_on_the_page_can_still_be_copied(signed_in: Page, key: str) -> None:
    signed_in.goto("/en/account/details")
    signed_in.get_by_label("Your name").fill("Zoé Roy")
    signed_in.clock.fast_forward("01:00:01")
    dialog = signed_in.get_by_role("alertdialog")
    expect(dialog).to_be_visible()
    if key == "Enter":
        dialog.get_by_role("button", name="Stay on this page").focus()
    signed_in.keyboard.press(key)
    expect(dialog).to_be_hidden()
    expect(signed_in.get_by_label("Your name")).to_have_value("Zoé Roy")
    signed_in.clock.fast_forward("05:00")
    expect(dialog).to_be_hidden()


def test_the_warning_signs_out(signed_in: Page) -> None:
    signed_in.clock.fast_forward("58:01")
    signed_in.keyboard.press("Tab")
    expect(signed_in.get_by_role("alertdialog").get_by_role("button", name="Sign out")).to_be_focused()
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_url("**/sign-in")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Sign in")


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


def test_another_account_in_another_tab_ends_the_page_and_hides_it(signed_in: Page, service: Service) -> None:
    for language, title in {"en": "Another account is signed in", "fr": "Un autre compte est ouvert"}.items():
        sign_in_as(signed_in, service, add_account(service, f"first-{language}@health.example"))
        signed_in.goto(f"/{language}/account/details")
        other = signed_in.context.new_page()
        sign_in_as(signed_in, service, add_account(service, f"second-{language}@health.example"))
        other.goto("/en/account")
        dialog = signed_in.get_by_role("alertdialog")
        expect(dialog).to_have_accessible_name(title)
        expect(dialog.get_by_role("link")).to_be_focused()
        expect(signed_in.locator("#main")).to_be_hidden()
        expect(other.get_by_role("alertdialog")).to_be_hidden()
        signed_in.keyboard.press("Escape")
        signed_in.clock.fast_forward("58:30")
        expect(dialog).to_have_accessible_name(title)
        other.close()


def test_a_page_of_an_earlier_session_of_the_same_person_has_ended(signed_in: Page, service: Service) -> None:
    (account,) = service.rows("SELECT id FROM portal_accounts")
    other = signed_in.context.new_page()
    sign_in_as(signed_in, service, account.id)
    other.goto("/en/account")
    expect(signed_in.get_by_role("heading", name="Your session has ended")).to_be_visible()
    expect(other.get_by_role("alertdialog")).to_be_hidden()


def test_a_session_that_was_ended_elsewhere_is_not_taken_for_a_lost_connection(
    signed_in: Page, service: Service
) -> None:
    signed_in.clock.fast_forward("58:01")
    service.execute("DELETE FROM portal_sessions")
    signed_in.get_by_role("alertdialog").get_by_role("button", name="Continue").click()
    expect(signed_in.get_by_role("heading", name="Your session has ended")).to_be_visible()


def test_a_form_of_another_account_is_refused_with_the_name_of_the_one_that_is_signed_in(
    signed_in: Page, service: Service
) -> None:
    signed_in.goto("/en/account/details")
    sign_in_as(signed_in, service, add_account(service, "second@health.example"))
    signed_in.get_by_label("Name").fill("Somebody Else")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("This form can no longer be sent")
    expect(signed_in.locator("main")).to_contain_text("Second is signed in in this browser now.")
    assert service.rows("SELECT 1 FROM portal_accounts WHERE name = 'Somebody Else'") == []
    signed_in.go_back()
    expect(signed_in.get_by_label("Name")).to_be_visible()

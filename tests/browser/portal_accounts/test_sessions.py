"""The end of a session of the portal in a real Chromium: the warning, and what follows."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.portal_accounts.conftest import Open
from tests.support.portal import add_account
from tests.support.portal import signed_in as begin_session
from tests.support.service import Service


@pytest.fixture
def signed_in(open_portal: Open, service: Service, portal_address: str) -> Page:
    """A page of a person who has signed in, whose clock a test sets."""
    page = open_portal("/en/sign-in", has_authenticator=False)
    cookie = begin_session(service, add_account(service)).client.get_cookie("portal")
    page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": portal_address}])
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

"""Codes in the portal: from the first page to a phone."""

import re
import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.portal_codes.conftest import claim, shown_code, sign_in
from tests.support.service import Service


def test_a_nurse_issues_a_code_and_a_phone_claims_it(nurse: Page, portal_address: str) -> None:
    nurse.context.grant_permissions(["clipboard-read", "clipboard-write"])
    nurse.goto("/en/")
    clicks, started = 0, time.monotonic()
    nurse.get_by_role("button", name="Issue a code").click()
    clicks += 1
    expect(nurse.locator("#code")).to_be_visible()
    seconds = time.monotonic() - started
    print(f"a code can be read out after {clicks} click and {seconds:.2f} seconds")
    assert clicks <= 2
    code = shown_code(nurse)
    assert code not in nurse.title() + nurse.url
    expect(nurse.locator("#countdown")).to_have_text(re.compile("24 hours|23 hours 59 minutes"))
    nurse.get_by_role("button", name="Copy").click()
    expect(nurse.get_by_text("Copied.")).to_be_visible()
    assert nurse.evaluate("navigator.clipboard.readText()") == code
    claim(portal_address, f" {code[:3]} {code[3:6]}-{code[6:].lower()} ")
    nurse.get_by_role("link", name="Your codes").click()
    expect(nurse.locator("tbody .tag")).to_have_text("Claimed")


def test_everything_can_be_done_by_keyboard(nurse: Page, portal_address: str) -> None:
    nurse.goto("/fr/")
    nurse.get_by_role("button", name="Délivrer un code").focus()
    nurse.keyboard.press("Enter")
    expect(nurse.locator("#code")).to_be_visible()
    first = shown_code(nurse)
    nurse.get_by_role("button", name="Annuler ce code et en délivrer un autre").focus()
    nurse.keyboard.press("Enter")
    expect(nurse.locator("#code")).not_to_have_text(first)
    claim(portal_address, shown_code(nurse))


def test_leaving_the_page_removes_the_code(nurse: Page) -> None:
    nurse.goto("/en/")
    nurse.get_by_role("button", name="Issue a code").click()
    code = shown_code(nurse)
    expect(nurse.get_by_role("button", name="Print")).to_be_visible()  # the script has run
    left = nurse.evaluate("""() => {
        dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        return document.documentElement.outerHTML;
    }""")
    assert code not in re.sub(r"<[^>]*>|\s", "", left)
    expect(nurse.get_by_text("The code is no longer shown.")).to_be_visible()


def test_the_language_changes_and_the_code_stays(nurse: Page) -> None:
    nurse.goto("/en/")
    nurse.get_by_role("button", name="Issue a code").click()
    code = shown_code(nurse)
    nurse.get_by_role("button", name="Français").click()
    expect(nurse.get_by_role("heading", name="Code à usage unique")).to_be_visible()
    assert shown_code(nurse) == code


def test_the_countdown_is_announced_near_the_end_only(nurse: Page) -> None:
    nurse.clock.install()
    nurse.goto("/en/")
    nurse.get_by_role("button", name="Issue a code").click()
    countdown, announcement = nurse.locator("#countdown"), nurse.locator("#countdown-announcement")
    expect(countdown).to_have_text(re.compile("24 hours|23 hours 59 minutes"))
    expect(announcement).to_have_text("")
    for minutes, text in ((22 * 60, ""), (61, "1 hour left."), (49, "10 minutes left."), (5, "5 minutes left.")):
        nurse.clock.run_for(minutes * 60_000)
        expect(announcement).to_have_text(text)
    nurse.clock.run_for(4 * 60_000)
    expect(announcement).to_have_text("1 minute left.")
    nurse.clock.run_for(2 * 60_000)
    expect(announcement).to_have_text("The code has expired.")
    expect(countdown).to_have_text("The code has expired.")


def test_without_scripts_a_code_is_issued(new_portal_page: NewPage, service: Service, portal_address: str) -> None:
    page = new_portal_page(java_script_enabled=False)
    sign_in(page, service, portal_address)
    page.goto("/en/")
    page.get_by_role("button", name="Issue a code").click()
    assert re.fullmatch("[A-Z0-9]{10}", shown_code(page))
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()

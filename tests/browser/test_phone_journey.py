"""The page of the simulated phones, from keys to a notification, by keyboard."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, change_data

NOTIFIED = {"en": "phone shows a notification", "fr": "affiche une notification"}
MET = {"en": "The encounter on", "fr": "La rencontre du"}
REFUSED = {"en": "attempts left", "fr": "Il reste"}
MAX_TABS = 40


def tab_to(page: Page, identifier: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == identifier:
            return
    raise AssertionError(f"Tab does not reach {identifier}")


def do(page: Page, name: str) -> str:
    """Move to a step's button, press it, and return the outcome."""
    tab_to(page, f"do-{name}")
    return press(page, name)


def press(page: Page, name: str) -> str:
    page.keyboard.press("Enter")
    return outcome(page, name)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_contact_is_notified_by_keyboard_alone(open_phone: NewPage, language: str) -> None:
    page = open_phone(language)
    do(page, "keys")
    tab_to(page, "meet-day")
    page.keyboard.press("ArrowDown")
    assert MET[language] in do(page, "meet")
    do(page, "code")
    tab_to(page, "code")
    page.keyboard.type("wrong-code")
    assert REFUSED[language] in press(page, "claim")
    assert page.get_attribute("#code", "aria-invalid") == "true"
    page.keyboard.press("Control+A")
    code = page.text_content("#issued-code") or ""
    page.keyboard.type(f"{code[:3]} {code[3:6]}-{code[6:]}".lower())
    press(page, "claim")
    assert page.get_attribute("#code", "aria-invalid") == "false"
    assert "13" in do(page, "upload")
    assert NOTIFIED[language] in do(page, "check")
    notice = page.locator('[data-phone="contact"][data-fact="notice"]')
    expect(notice).to_contain_text({"en": "Possible exposure: ", "fr": "Exposition possible\u00a0: "}[language])
    expect(notice).to_be_in_viewport()


def test_every_message_is_shown_decoded(open_phone: NewPage) -> None:
    page = open_phone()
    for name in ("keys", "meet", "code"):
        play(page, name)
    page.click("#use-code")
    for name in ("claim", "upload", "check"):
        play(page, name)
    page.evaluate("for (const each of document.querySelectorAll('.entry')) each.open = true")
    shown = page.locator("#messages-claim").inner_text()
    assert "POST" in shown
    assert re.search(r"KeyClaimRequest\s+one_time_code: \"[A-Z0-9]{10}\" # 1: string", shown)
    assert "tries_remaining: 50 # 3: uint32" in shown
    assert "46 bytes, undecoded" in shown
    upload = page.locator("#messages-upload").inner_text()
    assert "rolling_period: 144 # 4: int32" in upload
    assert "error: NONE # 1: enum 0" in upload
    check = page.locator("#messages-check").inner_text()
    assert check.count("Valid signature") == 2
    assert 'region: "CA" # 3: string' in check
    assert "report_type: CONFIRMED_TEST # 5: enum 1" in check
    assert re.search(r"score 5\s+# 1800 s ≤ 50 dB", check)


def test_an_encounter_that_is_too_short_or_too_far_leads_to_no_notification(open_phone: NewPage) -> None:
    page = open_phone()
    play(page, "keys")
    page.select_option("#meet-minutes", "5")
    for name in ("meet", "code"):
        play(page, name)
    page.click("#use-code")
    for name in ("claim", "upload"):
        play(page, name)
    assert "5 min at close range are below the minimum of 15 min" in play(page, "check")
    page.select_option("#meet-minutes", "30")
    page.select_option("#meet-distance", "70")
    play(page, "meet")
    assert "5 min at close range are below the minimum of 15 min" in play(page, "check")


def test_a_step_without_its_precondition_names_it(open_phone: NewPage) -> None:
    page = open_phone()
    show_all_steps(page)
    assert "Generate the keys first" in play(page, "upload")
    play(page, "keys")
    show_all_steps(page)
    assert "Enter a code first" in play(page, "upload")
    show_all_steps(page)
    assert "Enter the code." in play(page, "claim")
    show_all_steps(page)
    assert "none matches an identifier" in play(page, "check")


def test_an_archive_with_the_signature_of_another_key_is_discarded(open_phone: NewPage) -> None:
    page = open_phone()
    other = """async () => {
        const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
        const der = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
        return btoa(String.fromCharCode(...der));
    }"""
    key = page.evaluate(other)
    change_data(page, "/phone/en", exportPublicKey=key)
    page.reload()
    play(page, "keys")
    show_all_steps(page)
    assert "no valid signature" in play(page, "check")


def play(page: Page, name: str) -> str:
    """Click a step's button, and return the outcome."""
    page.click(f"#do-{name}")
    return outcome(page, name)


def outcome(page: Page, name: str) -> str:
    """Wait until no action is running, and return the result of a step."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    result = page.locator(f"#result-{name}")
    expect(result).not_to_be_empty()
    return result.text_content() or ""


def show_all_steps(page: Page) -> None:
    """Show steps that were not reached yet, until the page shows the next result."""
    page.evaluate("for (const each of document.querySelectorAll('.step')) each.hidden = false")

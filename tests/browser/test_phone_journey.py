"""From a code to a notification, on the page of the two phones, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage

TOLD = {"en": "The contact is told", "fr": "Le contact est averti"}
MET = {"en": "They met on", "fr": "La rencontre du"}
REFUSED = {"en": "tries left", "fr": "Il reste"}
MOST_STEPS = 40


def tab_to(page: Page, identifier: str) -> None:
    """Press Tab until an element has the focus, as one does who has no mouse."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == identifier:
            return
    raise AssertionError(f"the Tab key does not reach {identifier}")


def do(page: Page, name: str) -> str:
    """Reach a step's button, press it, and return what the page says about the outcome."""
    tab_to(page, f"do-{name}")
    return press(page, name)


def press(page: Page, name: str) -> str:
    page.keyboard.press("Enter")
    return outcome(page, name)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_contact_is_told_by_keyboard_alone(open_phone: NewPage, language: str) -> None:
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
    code = re.search(r"[A-Z0-9]{3} [A-Z0-9]{3} [A-Z0-9]{4}", page.inner_text("#result-code"))
    assert code
    page.keyboard.type(code[0].lower())
    press(page, "claim")
    assert page.get_attribute("#code", "aria-invalid") == "false"
    assert "13" in do(page, "upload")
    assert TOLD[language] in do(page, "check")
    day = page.locator("#meet-day option:checked").text_content()
    expect(page.locator('[data-phone="contact"][data-fact="notice"]')).to_contain_text(day or "")


def test_every_message_is_shown_decoded(open_phone: NewPage) -> None:
    page = open_phone()
    for name in ("keys", "meet", "code"):
        play(page, name)
    page.click("#use-code")
    for name in ("claim", "upload", "check"):
        play(page, name)
    shown = page.locator("#log-claim").inner_text()
    assert "POST" in shown
    assert re.search(r"KeyClaimRequest\s+one_time_code: \"[A-Z0-9]{10}\" # 1: string", shown)
    assert "tries_remaining: 50 # 3: uint32" in shown
    assert "46 bytes, as sent" in shown
    upload = page.locator("#log-upload").inner_text()
    assert "rolling_period: 144 # 4: int32" in upload
    assert "error: NONE # 1: enum 0" in upload
    check = page.locator("#log-check").inner_text()
    assert check.count("The signature is right") == 2
    assert 'region: "CA" # 3: string' in check
    assert "report_type: CONFIRMED_TEST # 5: enum 1" in check
    assert re.search(r"score 5\s+# 1800 s ≤ 50 dB", check)


def test_who_was_near_for_too_short_or_too_far_away_is_not_told(open_phone: NewPage) -> None:
    page = open_phone()
    play(page, "keys")
    page.select_option("#meet-minutes", "5")
    for name in ("meet", "code"):
        play(page, name)
    page.click("#use-code")
    for name in ("claim", "upload"):
        play(page, name)
    assert "5 min near is less than the 15 min" in play(page, "check")
    page.select_option("#meet-minutes", "30")
    page.select_option("#meet-distance", "70")
    play(page, "meet")
    page.locator("#result-check").evaluate("result => result.textContent = ''")
    assert "5 min near is less than the 15 min" in play(page, "check")


def test_a_step_that_comes_too_early_says_what_is_missing(open_phone: NewPage) -> None:
    page = open_phone()
    assert "make the keys first" in play(page, "upload")
    play(page, "keys")
    assert "enter a code first" in play(page, "upload")
    assert "type the code first" in play(page, "claim")
    assert "no identifier of theirs was heard" in play(page, "check")


def test_an_archive_with_a_signature_of_somebody_else_is_thrown_away(open_phone: NewPage) -> None:
    page = open_phone()
    other = """async () => {
        const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
        const der = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
        return btoa(String.fromCharCode(...der));
    }"""
    key = page.evaluate(other)
    page.route("**/phone/en", lambda route: swap_key(route, key))
    page.reload()
    play(page, "keys")
    assert "no signature of the archive is right" in play(page, "check")


def swap_key(route, key: str) -> None:
    answer = route.fetch()
    body = re.sub(r'"exportPublicKey": "[^"]+"', f'"exportPublicKey": "{key}"', answer.text())
    assert key in body
    route.fulfill(response=answer, body=body)


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

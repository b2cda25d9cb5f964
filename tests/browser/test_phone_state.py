"""What the page of the simulated phones keeps in the tab, and how the user leaves it."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_phone_journey import MET, NOTIFIED, play
from tests.browser.test_phone_looks import AXE, WCAG, play_all, violations
from tests.support.torture import only_in_torture

pytestmark = only_in_torture

FILL_STORAGE = """
    for (let size = 2 ** 22; size >= 1; size /= 2) {
      for (let number = 0; ; number += 1) {
        try {
          sessionStorage.setItem(`${size} ${number}`, "x".repeat(size));
        } catch {
          break;
        }
      }
    }
"""


def facts(page: Page) -> list[str]:
    """Return the numbers and dates of both phones, without their language."""
    return page.locator("[data-fact]:not([data-fact=notice]):not([data-fact=code])").all_inner_texts()


def test_the_phones_and_the_results_survive_a_change_of_language_and_a_reload(open_phone: NewPage) -> None:
    page = open_phone("en")
    play_all(page)
    before, code = facts(page), page.inner_text("#issued-code")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("#result-check")).to_contain_text(NOTIFIED["fr"])
    page.reload()
    expect(page.locator("#result-check")).to_contain_text(NOTIFIED["fr"])
    assert facts(page) == before
    assert page.inner_text("#issued-code") == code
    expect(page.locator("#session")).to_contain_text("Cet onglet conserve les téléphones")
    expect(page.locator(".handset--notified")).to_have_count(1)
    page.evaluate(AXE)
    assert violations(page, WCAG) == []
    play(page, "meet")  # a later step continues with the kept phones
    assert "minutes" in page.inner_text("#result-meet")
    assert "tous les jours passés" in play(page, "upload")
    assert NOTIFIED["fr"] in play(page, "check")


def test_a_code_entered_in_one_language_can_be_used_in_the_other(open_phone: NewPage) -> None:
    page = open_phone("fr")
    for name in ("keys", "meet", "code"):
        play(page, name)
    page.get_by_role("link", name="English").click()
    page.click("#use-code")
    assert "accepted" in play(page, "claim")
    page.get_by_role("link", name="Français").click()
    assert "13" in play(page, "upload")
    assert NOTIFIED["fr"] in play(page, "check")


def test_starting_over_leaves_nothing(open_phone: NewPage) -> None:
    page = open_phone()
    expect(page.locator("#session")).to_be_hidden()
    for name in ("keys", "meet"):
        play(page, name)
    page.click("#start-over")
    expect(page.locator("#session")).to_be_hidden()
    expect(page.locator("#step-meet")).to_be_hidden()
    assert set(facts(page)) == {"0"}
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("stored", ["{", "null", '{"build": "another version", "state": {}}'])
def test_a_stored_state_that_is_not_of_this_build_is_ignored(new_page: NewPage, stored: str) -> None:
    page = new_page("/phone/en")
    page.evaluate("(stored) => sessionStorage.setItem('exposure-alert.phones', stored)", stored)
    page.reload()
    assert "14 keys" in play(page, "keys")


def test_without_storage_the_page_works_and_warns(new_page: NewPage) -> None:
    page = new_page()
    blocked = "{ get() { throw new Error('blocked'); } }"
    page.add_init_script(f"Object.defineProperty(globalThis, 'sessionStorage', {blocked})")
    page.goto("/phone/en")
    assert "14 keys" in play(page, "keys")
    expect(page.locator("#session")).to_contain_text("starts over")


def test_a_code_is_copied_without_spaces(open_phone: NewPage) -> None:
    page = open_phone()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name in ("keys", "meet", "code"):
        play(page, name)
    code = page.locator("#issued-code")
    shown = [group.inner_text() for group in code.locator("span").all()]
    assert [len(group) for group in shown] == [3, 3, 4]
    page.click("#step-code [data-copy]")
    expect(page.locator("#step-code .copy-status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "".join(shown)
    page.evaluate("navigator.clipboard.writeText('')")
    code.click()
    page.keyboard.press("Control+C")
    assert page.evaluate("navigator.clipboard.readText()") == "".join(shown)


def test_steps_appear_as_they_happen_and_only_the_newest_message_is_open(open_phone: NewPage) -> None:
    page = open_phone(width=390)
    assert page.locator(".step:visible").count() == 1
    expect(page.locator("#upcoming li:visible")).to_have_count(5)
    for count, name in enumerate(("keys", "meet", "code"), start=2):
        expect(page.locator(".messages:visible")).to_have_count(count - 2)
        play(page, name)
        expect(page.locator(".step:visible")).to_have_count(count)
        expect(page.locator(".entry[open]")).to_have_count(1)
        expect(page.locator(f"#messages-{name} .entry[open]")).to_have_count(1)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_on_a_phone_the_result_and_the_notification_are_in_view(open_phone: NewPage, language: str) -> None:
    page = open_phone(language, width=390)
    play_all(page)
    expect(page.locator("#result-check")).to_be_in_viewport(ratio=1)
    expect(page.locator('[data-phone="contact"][data-fact="notice"]')).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.getElementById('phones').offsetHeight") < 200


def test_the_page_scrolls_to_a_result_below_the_window(open_phone: NewPage) -> None:
    page = open_phone(width=390)
    play_all(page)
    page.set_viewport_size({"width": 390, "height": 600})
    page.evaluate("""() => {
        const button = document.getElementById("do-keys");
        button.focus();
        scrollBy(0, button.getBoundingClientRect().bottom - innerHeight);
    }""")
    expect(page.locator("#result-keys")).not_to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#result-keys")).to_be_in_viewport(ratio=1)


COVERED = """() => {
    const focused = document.activeElement;
    const phones = document.getElementById("phones");
    if (focused === document.body || phones.contains(focused)) return "";
    const { left, top, width, height } = focused.getBoundingClientRect();
    const points = [top + 2, top + height / 2, top + height - 2].map((y) => [left + Math.min(width / 2, 20), y]);
    const isCovered = points.every(([x, y]) => phones.contains(document.elementFromPoint(x, y)));
    return isCovered ? focused.id || focused.textContent : "";
}"""


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_summary_never_covers_the_focus(open_phone: NewPage, language: str) -> None:
    """WCAG 2.4.11, in both directions."""
    page = open_phone(language, width=390)
    play_all(page)
    covered = []
    for key in ("Tab", "Shift+Tab"):
        for _ in range(45):
            page.keyboard.press(key)
            covered.append(page.evaluate(COVERED))
    assert [each for each in covered if each] == []


def test_a_short_window_has_no_sticky_summary(open_phone: NewPage) -> None:
    page = open_phone(width=320)
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 × 1024 at a zoom of 400 %
    assert page.evaluate("getComputedStyle(document.getElementById('phones')).position") == "static"


def test_when_storage_becomes_full_a_reload_starts_over_as_stated(open_phone: NewPage) -> None:
    page = open_phone()
    play(page, "keys")
    page.evaluate(FILL_STORAGE)
    play(page, "meet")
    expect(page.locator("#session-text")).to_contain_text("reloading the page starts over")
    page.reload()
    assert set(facts(page)) == {"0"}


def test_phones_that_are_too_old_for_the_days_on_offer_start_over(open_phone: NewPage) -> None:
    page = open_phone()
    play(page, "keys")
    for days, keys in ((2, "14"), (3, "0")):
        page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=days))
        page.reload()
        expect(page.locator("[data-phone=contact][data-fact=keys]")).to_have_text(keys)
        if keys == "0":
            play(page, "keys")
        assert MET["en"] in play(page, "meet")

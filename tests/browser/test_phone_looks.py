"""The accessibility and the layout of the page of the simulated phones, at every width, in light and dark."""

from itertools import product
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewPage
from tests.browser.test_phone_journey import play
from tests.support.torture import times

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
AXE_RUN = "(rules) => axe.run({ runOnly: rules, resultTypes: ['violations'], preload: { assets: ['media'] } })"
# Every test run has each language, width and colour scheme once; `make torture` has all combinations.
LOOKS = times(
    [("en", 1280, "dark"), ("fr", 390, "light")],
    [*product(("en", "fr"), (390, 1280), ("light", "dark"))],
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page, rules: list[str]) -> list[str]:
    """Return the violations that axe finds of some rules, given by their names or tags.

    Neither results without a violation nor style sheets, which none of the rules reads, are requested: they take more
    than half of the time.
    """
    found = page.evaluate(AXE_RUN, rules)["violations"]
    return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]


def play_all(page: Page) -> None:
    """Go through every step, with a wrong code on the way."""
    for name in ("keys", "meet", "code", "claim"):
        play(page, name)
    page.click("#use-code")
    for name in ("claim", "upload", "check"):
        play(page, name)


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_the_page_meets_wcag_before_and_after_use_in_light_and_dark_and_on_every_width(
    open_phone: NewPage, language: str, width: int, scheme: str
) -> None:
    page = open_phone(language, width=width, color_scheme=scheme)
    page.evaluate(AXE)
    assert violations(page, WCAG) == []
    play_all(page)
    assert violations(page, WCAG) == []
    for each in (320, 390, 768, 1280):
        page.set_viewport_size({"width": each, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == each  # no horizontal scrolling


def test_forced_colours_show_whether_a_message_is_open(open_phone: NewPage) -> None:
    page = open_phone(forced_colors="active")
    play(page, "keys")
    summary = page.locator(".entry__summary").first
    coloured = """(each) => ["Top", "Right", "Bottom", "Left"].filter((side) =>
        getComputedStyle(each, "::before")[`border${side}Color`] !== "rgba(0, 0, 0, 0)")"""
    assert summary.evaluate(coloured) == ["Top"]
    summary.click()
    assert summary.evaluate(coloured) == ["Left"]


def test_each_language_links_to_the_other(new_page: NewPage) -> None:
    page = new_page("/phone", locale="fr-CA")
    assert page.url.endswith("/phone/fr")
    assert page.get_attribute("html", "lang") == "fr-CA"
    page.get_by_role("link", name="English").click()
    assert page.get_attribute("html", "lang") == "en-CA"


def test_the_keyboard_can_skip_to_the_steps(open_phone: NewPage) -> None:
    page = open_phone()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "do-keys"

"""The accessibility and the layout of the front page, at every width, in light and dark."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenFront
from tests.browser.test_front_page_journey import PASSED, run_smoke_test
from tests.browser.test_phone_looks import AXE, LOOKS, WCAG, violations


def use_all(page: Page) -> None:
    """Perform every action that changes the page."""
    page.click("#do-issue")
    expect(page.locator("#issued-code")).to_be_visible()
    assert run_smoke_test(page).startswith(PASSED[page.url[-2:]])
    page.click("#show-endpoints")
    page.click("#do-logs")
    expect(page.locator("#logs-result")).not_to_be_empty()


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_the_page_meets_wcag_before_and_after_use_in_light_and_dark_and_on_every_width(
    open_front: OpenFront, language: str, width: int, scheme: str
) -> None:
    page = open_front(language, width=width, color_scheme=scheme)
    page.evaluate(AXE)
    assert violations(page, WCAG) == []
    use_all(page)
    assert violations(page, WCAG) == []
    for each in (320, 390, 768, 1280):
        page.set_viewport_size({"width": each, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == each  # no horizontal scrolling


def test_the_root_redirects_to_the_page_and_each_language_links_to_the_other(open_front: OpenFront) -> None:
    page = open_front("", locale="fr-CA")
    assert page.url.endswith("/review/fr")
    assert page.title() == "Demande de tirage 12 – Exposure Alert"
    page.get_by_role("link", name="English").click()
    assert page.get_attribute("html", "lang") == "en-CA"
    assert page.title() == "Pull request 12 – Exposure Alert"

"""Every page of the portal that can be opened by its address alone: accessible, and readable at every width."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from app.portal.views.blueprint import PAGES
from tests.browser.conftest import NewPage
from tests.browser.test_phone_looks import AXE, WCAG, violations
from tests.support.torture import TORTURE, times

# Files to download are not pages.
ALL = sorted(
    {
        page.rule
        for page in PAGES.values()
        if "GET" in page.methods and "<" not in page.rule and not page.rule.endswith(".csv")
    }
)
PUBLIC = sorted({page.rule for page in PAGES.values() if page.is_public and page.rule in ALL})
LOOKS = [("en", "light"), ("fr", "dark"), ("en", "dark"), ("fr", "light")]
VISITS = [
    ("superuser", "fr", "dark"),
    ("administrator", "en", "light"),
    ("superuser", "en", "light"),
    ("administrator", "fr", "dark"),
    ("superuser", "en", "dark"),
    ("administrator", "fr", "light"),
]
WIDTHS = times((320, 1280), (320, 390, 768, 1280))
MAX_PAGE_BYTES = 100_000
# Of the page, its style sheets, scripts and images.
WEIGHT = """
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .reduce((sum, each) => sum + each.encodedBodySize, 0)
"""

EnterPortal = Callable[..., Page]


def faults(page: Page) -> list[str]:
    """Return what is wrong with the looks of a page."""
    page.evaluate(AXE)
    found = [str(each) for each in violations(page, WCAG)]
    title, heading = page.title(), page.locator("h1")
    if heading.count() != 1 or not title.startswith(heading.inner_text()):
        found.append(f"the title {title!r} does not begin with the only h1")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed != width:
            found.append(f"needs {needed} of {width} pixels")
    return found


@pytest.mark.parametrize(("language", "scheme"), times(LOOKS[:1], LOOKS))
def test_pages_for_everyone_meet_wcag_at_every_width(new_portal_page: NewPage, language: str, scheme: str) -> None:
    page = new_portal_page(f"/{language}/sign-in", color_scheme=scheme)
    found = {}
    for rule in PUBLIC:
        page.goto(f"/{language}{rule}")
        found[rule] = faults(page)
    assert {rule: each for rule, each in found.items() if each} == {}


def open_from_the_other_language(page: Page, rule: str, language: str) -> int:
    """Open a page with the link of its other language, if no other page comes first; return the status."""
    other = {"en": "fr", "fr": "en"}[language]
    page.goto(f"/{other}{rule}")
    if page.url.partition(f"/{other}")[2] != rule:
        return open_at_once(page, rule, language)
    with page.expect_navigation(url=f"**/{language}{rule}") as navigation:
        page.locator(".site-header__language").click()
    assert page.get_attribute("html", "lang") == f"{language}-CA"
    return navigation.value.status


def open_at_once(page: Page, rule: str, language: str) -> int:
    """Open a page by its address; return the status."""
    response = page.goto(f"/{language}{rule}")
    assert response
    return response.status


@pytest.mark.parametrize(("person", "language", "scheme"), times(VISITS[:1], VISITS))
def test_pages_after_signing_in_change_their_language_meet_wcag_at_every_width_and_weigh_little(
    enter_portal: EnterPortal, person: str, language: str, scheme: str
) -> None:
    page = enter_portal(person, language, color_scheme=scheme)
    open_page = open_from_the_other_language if TORTURE and person == "superuser" else open_at_once
    found: dict[str, list[str]] = {}
    for rule in ALL:
        status = open_page(page, rule, language)
        address = page.url
        if address in found:
            continue  # another page comes first, and was visited
        weight = page.evaluate(WEIGHT)
        found[address] = faults(page)
        if status >= 500 or not 0 < weight <= MAX_PAGE_BYTES:
            found[address].append(f"HTTP {status}, {weight} bytes")
    assert len(found) > len(ALL) / 2
    assert {address: each for address, each in found.items() if each} == {}


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(enter_portal: EnterPortal) -> None:
    page = enter_portal("administrator")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_each_part_of_a_date_has_the_indicator_of_the_focus(enter_portal: EnterPortal) -> None:
    page = enter_portal("administrator")
    page.goto("/en/audit")
    date = page.locator("#since")
    date.focus()
    for _ in ("month", "day", "year", "calendar"):
        assert date.evaluate("each => each === document.activeElement")
        assert date.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
        page.keyboard.press("Tab")

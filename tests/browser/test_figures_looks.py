"""The public figures, and those of the team: accessible, and readable at every width, in both colour schemes."""

import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import NewPage, opening
from tests.browser.portals import portal_process, portal_service
from tests.browser.test_portal_looks import faults
from tests.support.figures import compute, fill_ledgers
from tests.support.torture import times
from tests.support.waiting import wait_until

SETTINGS = {"SURFACES": "submission,portal,status", "REVIEW_TOOLS": "true", "RATE_LIMITS": "off"}
LOOKS = [("en", "light"), ("fr", "dark"), ("en", "dark"), ("fr", "light")]
PAGES = ("/figures", "/figures/ON", "/figures/NU")
# Characters of a plot that a narrow screen shows must be at least this high.
MIN_PIXELS = 10
# The pixels of each text in a plot, and whether another text of the plot overlaps it.
TEXTS = """
    [...document.querySelectorAll("svg.plot")].flatMap(plot => {
        const texts = [...plot.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
        const frame = plot.getBoundingClientRect();
        return texts.map(([name, box], index) => ({
            name,
            pixels: parseFloat(getComputedStyle(plot.querySelector("text")).fontSize) * frame.width / 720,
            outside: box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1,
            overlaps: texts.some(([, other], another) => another !== index && box.left < other.right - 1
                && other.left < box.right - 1 && box.top < other.bottom - 4 && other.top < box.bottom - 4),
        }));
    })
"""


@pytest.fixture(scope="module")
def address(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with 40 days of figures, the first ones with small counts."""
    with portal_service(database_url, redis_url, SETTINGS) as service:
        fill_ledgers(service, 40)
        fill_ledgers(service, 12, 12)
        compute(service)
        with portal_process(database_url, redis_url, SETTINGS, tmp_path_factory.mktemp("figures")) as address:
            yield address


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[NewPage]:
    """Open pages of one test."""
    with opening(browser, address) as open_page:
        yield open_page


def wrong_texts(page: Page) -> list[object]:
    """Return what cannot be read in the plots of a page on a narrow and on a wide screen."""
    found: list[object] = []
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        texts = page.evaluate(TEXTS)
        assert texts
        found += [(width, each) for each in texts if each["outside"] or each["overlaps"] or each["pixels"] < MIN_PIXELS]
    return found


@pytest.mark.parametrize(("language", "scheme"), times(LOOKS[1:2], LOOKS))
def test_public_figures_meet_wcag_at_every_width(open_page: NewPage, language: str, scheme: str) -> None:
    page = open_page(f"/status/{language}/figures", color_scheme=scheme)
    found: dict[str, list[object]] = {}
    for path in PAGES:
        page.goto(f"/status/{language}{path}")
        found[path] = [*faults(page), *wrong_texts(page)]
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize(("language", "scheme"), times(LOOKS[:1], LOOKS))
def test_the_teams_figures_meet_wcag_at_every_width(open_page: NewPage, language: str, scheme: str) -> None:
    page = open_page(f"/{language}/sign-in", color_scheme=scheme)
    page.click("button[value=superuser]")
    page.goto(f"/{language}/statistics/figures")
    assert page.locator("svg.plot").count() == 8
    assert [*faults(page), *wrong_texts(page)] == []


def test_the_table_beside_a_plot_scrolls_with_the_keyboard(open_page: NewPage) -> None:
    page = open_page("/status/en/figures", complaint="script-src")
    table = page.locator(".plot-and-table__scroll").first
    table.focus()
    page.keyboard.press("End")
    # The policy permits no script, and so no condition that the browser would wait for.
    wait_until(lambda: page.evaluate("document.activeElement.scrollTop") > 0, "the table has scrolled")
    assert table.evaluate("(element) => element === document.activeElement")


def test_figures_need_no_script_and_load_nothing_of_others(open_page: NewPage, address: str) -> None:
    page = open_page(java_script_enabled=False)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto("/status/en/figures")
    assert page.locator("svg.plot").count() == 7
    assert [url for url in loaded if not url.startswith(address) or url.endswith(".js")] == []


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="on request only")
@pytest.mark.parametrize(("language", "width", "scheme"), [*product(("en", "fr"), (320, 1280), ("light", "dark"))])
def test_screenshots(open_page: Callable[..., Page], language: str, width: int, scheme: str) -> None:
    folder = Path(os.environ["SCREENSHOTS"])
    page = open_page(f"/status/{language}/figures", width=width, color_scheme=scheme)
    page.screenshot(path=folder / f"figures-{language}-{width}-{scheme}.png", full_page=True)
    page.goto(f"/{language}/sign-in")
    page.click("button[value=superuser]")
    page.goto(f"/{language}/statistics/figures")
    page.screenshot(path=folder / f"team-figures-{language}-{width}-{scheme}.png", full_page=True)

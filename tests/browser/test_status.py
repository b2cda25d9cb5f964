"""The status page in a browser: in both languages, at every width, without scripts, on paper and in forced colours."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from app.status.carriers import FileCarrier
from app.status.document import StatusDocument, to_json
from tests.browser.conftest import NewPage, opening
from tests.browser.test_portal_looks import faults
from tests.support.settings import SECRETS
from tests.support.status import document, in_outage
from tests.support.torture import times
from tests.support.web import web_process

LOOKS = [("en", "light"), ("fr", "dark"), ("en", "dark"), ("fr", "light")]
PATHS = ("", "/incidents", "/incidents/41", "/nothing")
INFORMATION = ("/privacy", "/accessibility")
MAX_PAGE_BYTES = 100_000
STALE = timedelta(minutes=20)
# The width of letter paper between the usual margins.
LETTER_PIXELS = 740


@dataclass(frozen=True)
class StatusSite:
    """A web process that serves status, and the folder of its document."""

    address: str
    folder: Path

    def publish(self, whole: StatusDocument) -> None:
        """Replace the document."""
        FileCarrier(self.folder).write(whole.written_at, to_json(whole))


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, StatusSite]]:
    """A web process for each state of the document, without PostgreSQL and Redis."""
    states = {
        "good": document(now()),
        "outage": in_outage(now()),
        "stale": document(now() - STALE),
        "unmeasured": document(now(), parts=(), incidents=(), objectives=()),
        "none": None,
    }
    folder = tmp_path_factory.mktemp("status")
    with ExitStack() as stack:
        yield {name: stack.enter_context(site(whole, folder / name)) for name, whole in states.items()}


@contextmanager
def site(whole: StatusDocument | None, folder: Path) -> Iterator[StatusSite]:
    """Run a web process that serves a document."""
    urls = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    log = folder.with_suffix(".log")
    with web_process(SECRETS | urls | {"SURFACES": "status", "STATUS_FOLDER": str(folder)}, log) as web:
        served = StatusSite(f"http://127.0.0.1:{web.port}", folder)
        if whole:
            served.publish(whole)
        yield served


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.mark.parametrize(("language", "scheme"), times(LOOKS[1:2], LOOKS))
def test_every_state_meets_wcag_at_every_width(
    browser: Browser, sites: dict[str, StatusSite], language: str, scheme: str
) -> None:
    found = {}
    for name in times(["outage", "none"], list(sites)):
        served = sites[name]
        is_detailed = name == "outage"  # the only state whose table of days and other pages are examined
        with opening(browser, served.address) as open_page:
            page = open_page(color_scheme=scheme)
            for path in PATHS if is_detailed else PATHS[:1]:
                page.goto(f"/status/{language}{path}")
                for summary in page.locator("summary").all() if is_detailed else ():
                    summary.click()
                found[f"{name}{path}"] = faults(page)
    assert {state: each for state, each in found.items() if each} == {}


@pytest.mark.parametrize(("language", "scheme"), times(LOOKS[1:2], LOOKS))
def test_privacy_and_accessibility_meet_wcag(
    browser: Browser, sites: dict[str, StatusSite], language: str, scheme: str
) -> None:
    found = {}
    with opening(browser, sites["none"].address) as open_page:
        for path in INFORMATION:
            page = open_page(f"/status/{language}{path}", color_scheme=scheme)
            found[path] = faults(page)
    assert found == {path: [] for path in INFORMATION}


@pytest.fixture
def new_status_page(browser: Browser, sites: dict[str, StatusSite]) -> Iterator[NewPage]:
    """Open pages of a site on which there is an outage."""
    with opening(browser, sites["outage"].address) as open_page:
        yield open_page


@pytest.mark.parametrize(
    ("language", "locale", "verdict", "other"),
    [
        ("en", "en-CA", "Some parts of the service are not working", "Certaines composantes du service"),
        ("fr", "fr-CA", "Certaines composantes du service ne fonctionnent pas", "Some parts of the service"),
    ],
)
def test_a_person_reads_the_state_an_incident_and_its_report(
    new_status_page: NewPage, language: str, locale: str, verdict: str, other: str
) -> None:
    page = new_status_page("/status", locale=locale, java_script_enabled=False)
    page.wait_for_url(f"**/status/{language}")
    expect(page.locator(".verdict__text")).to_have_text(verdict)
    page.click(".incident__title a >> nth=0")
    page.wait_for_url(f"**/status/{language}/incidents/42")
    page.click(".site-bar a >> nth=1")
    page.click("a[href$='/incidents/41']")
    expect(page.locator("#summary")).to_be_visible()
    expect(page.locator("#versions ~ .timeline li")).to_have_count(2)
    page.click(".site-header__language")  # to the same report
    page.wait_for_url("**/incidents/41")
    page.click(".site-header__name")
    expect(page.locator(".verdict__text")).to_contain_text(other)


def test_a_person_without_sight_of_colours_reads_the_days_as_a_table(new_status_page: NewPage) -> None:
    page = new_status_page("/status/en", width=320, java_script_enabled=False)
    expect(page.locator(".history table")).to_be_hidden()
    page.click("summary")
    expect(page.locator(".history tbody tr")).to_have_count(90)
    expect(page.locator(".history tbody")).to_contain_text("outage")


def heights(page: Page) -> dict[str, float]:
    return {
        state: page.locator(f".days__{state} >> nth=0").evaluate("each => each.getBoundingClientRect().height")
        for state in ("good", "degraded", "outage", "unknown")
    }


@pytest.mark.parametrize("options", [{}, {"forced_colors": "active"}], ids=["colours", "forced"])
def test_bars_differ_in_height(new_status_page: NewPage, options: dict[str, str]) -> None:
    page = new_status_page("/status/en", **options)
    found = heights(page)
    assert found["unknown"] < found["good"] < found["degraded"] < found["outage"]
    fill = page.locator(".days__good >> nth=0").evaluate("each => getComputedStyle(each).fill")
    assert (fill == "rgb(0, 0, 0)") is bool(options)  # CanvasText


def test_forced_colours_underline_the_current_page(new_status_page: NewPage) -> None:
    page = new_status_page("/status/en", forced_colors="active")
    current = page.locator(".site-bar [aria-current]")
    assert current.evaluate("each => getComputedStyle(each).borderBottomWidth") == "4px"


def test_the_page_can_be_printed(new_status_page: NewPage) -> None:
    page = new_status_page("/status/fr", width=LETTER_PIXELS)  # words are longer in French
    page.click("summary")
    page.emulate_media(media="print")
    expect(page.locator(".site-bar")).to_be_hidden()
    expect(page.locator(".verdict__text")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == LETTER_PIXELS  # the whole table is on the paper
    assert page.locator(".history__scroll").evaluate("each => each.scrollWidth <= each.clientWidth")
    assert page.pdf(format="Letter").startswith(b"%PDF")


def test_a_page_weighs_little(new_status_page: NewPage) -> None:
    page = new_status_page()
    page.route("**", lambda route: route.continue_())  # which turns the cache off
    responses: list[Response] = []
    page.on("response", lambda each: responses.append(each))
    weights = {}
    for path in ("/fr", "/fr/incidents", "/fr/incidents/41"):
        responses.clear()
        page.goto(f"/status{path}", wait_until="networkidle")
        weights[path] = sum(len(each.body()) for each in responses)
    assert min(weights.values()) > 0
    assert {path: weight for path, weight in weights.items() if weight > MAX_PAGE_BYTES} == {}

"""A real Chromium, and a review instance for it to visit."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.support.programs import browser_program
from tests.support.settings import SECRETS
from tests.support.web import web_process

# A host name without https, and not of this machine: the browser has no secure context there.
INSECURE_HOST = "exposure.example"

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
)

# A machine that is busy with other tests is slow, not broken.
PATIENCE_MILLISECONDS = 60_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)

NewPage = Callable[..., Page]
OpenFront = Callable[..., Page]

# The variables that a platform sets in a review app, with the longest names.
BUILD = {
    "HEROKU_PR_NUMBER": "12",
    "HEROKU_BRANCH": "topic/somebody-wrote-down-all-that-this-branch-is-about",
    "HEROKU_BUILD_COMMIT": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
}
LOG = """\
web.1    | time=2026-03-18T12:15:30.250Z level=info msg="http request" logger=http method=GET headers="" uuid=1
worker.1 | time=2026-03-18T12:15:30.251Z level=warning msg="retried" logger=worker
worker.1 | time=2026-03-18T12:15:30.252Z level=error msg="gave up" logger=worker error="builtins.OSError at x.py:1"
clock.1  | time=2026-03-18T12:15:30.253Z level=info msg="job enqueued" logger=clock
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of the system. Without it, tests are skipped, except in continuous integration."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A review instance, which holds active keys back as in production, and builds archives for each request."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "app.log").write_text(LOG, encoding="utf-8")
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    own = {"REVIEW_TOOLS": "true", "EXPORT_MAX_AGE_SECONDS": "0", "REVIEW_APP_LOG": str(folder / "app.log")}
    with web_process(SECRETS | urls | BUILD | own, folder / "web.log") as web:
        yield f"http://127.0.0.1:{web.port}"


@pytest.fixture(scope="session")
def portal_address(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A review instance with the portal, to which a button signs in."""
    log = tmp_path_factory.mktemp("portal") / "web.log"
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    own = {"SURFACES": "submission,retrieval,portal", "REVIEW_TOOLS": "true", "EXPORT_MAX_AGE_SECONDS": "0"}
    with web_process(SECRETS | urls | own | {"RELEASE_PERIOD_HOURS": "0", "PUBLISH_ACTIVE_KEYS": "true"}, log) as web:
        yield f"http://127.0.0.1:{web.port}"


@dataclass(frozen=True)
class SharingSite:
    """A service for sharing alone, where anyone may create."""

    address: str
    log: Path
    database_url: str
    redis_url: str


@pytest.fixture(scope="session")
def sharing_site(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharingSite]:
    """Sharing as deployed, with limits on requests."""
    log = tmp_path_factory.mktemp("sharing") / "web.log"
    own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SURFACES": "sharing", "SHARING_CREATORS": "anyone"}
    with web_process(SECRETS | own | {"RATE_LIMITS": "on", "RATE_LIMIT_SHARING": "1000"}, log) as web:
        yield SharingSite(f"http://127.0.0.1:{web.port}", log, database_url, redis_url)


@contextmanager
def opening(browser: Browser, address: str) -> Iterator[NewPage]:
    """Open pages in windows of a chosen width, language and colour scheme.

    Errors in their consoles fail the test, unless it expects them.
    """
    complaints: list[str] = []
    contexts = []

    def complain(message: object, expected: str) -> None:
        text = str(getattr(message, "text", message))
        # Chromium reports every response with a status of 400 and more; some are wanted.
        is_wanted = text.startswith("Failed to load resource") or getattr(message, "type", "error") in ("log", "info")
        if not is_wanted and not (expected and expected in text):
            complaints.append(text)

    def open_page(path: str = "", width: int = 1280, complaint: str = "", **options: object) -> Page:
        size = {"width": width, "height": 900}
        settings = {"base_url": address, "viewport": size, "reduced_motion": "reduce"} | options
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        for event in ("console", "pageerror"):
            page.on(event, partial(complain, expected=complaint))
        if path:
            page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def change_data(page: Page, path: str, **values: object) -> None:
    """Change data that the server embeds in a page, from the next load on."""

    def answer(route: Route) -> None:
        response = route.fetch()
        body = response.text()
        for name, value in values.items():
            changed = re.sub(rf'"{name}": (?:"[^"]*"|[^,}}]*)', f'"{name}": {json.dumps(value)}', body)
            assert changed != body, name
            body = changed
        route.fulfill(response=response, body=body)

    page.route(f"**{path}", answer)


@pytest.fixture
def new_page(browser: Browser, address: str) -> Iterator[NewPage]:
    """Open pages of one test."""
    with opening(browser, address) as open_page:
        yield open_page


@pytest.fixture
def open_phone(new_page: NewPage) -> NewPage:
    """Open the phones' page in a language."""
    return lambda language="en", **options: partial(new_page, f"/phone/{language}")(**options)


@pytest.fixture
def open_front(new_page: NewPage) -> OpenFront:
    """Open the front page in a language, or in that of the browser if it is empty."""
    return lambda language="en", **options: new_page(f"/review/{language}" if language else "/", **options)


@pytest.fixture
def new_portal_page(browser: Browser, portal_address: str) -> Iterator[NewPage]:
    """Open pages of the portal, of one test."""
    with opening(browser, portal_address) as open_page:
        yield open_page


@pytest.fixture
def new_sharing_page(browser: Browser, sharing_site: SharingSite) -> Iterator[NewPage]:
    """Open pages of sharing, of one test, in windows that may use the clipboard."""
    with opening(browser, sharing_site.address) as open_page:
        yield partial(open_page, permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture
def enter_portal(new_portal_page: NewPage) -> Callable[..., Page]:
    """Open the portal's first page, signed in as one of its people for demonstrations."""

    def enter(person: str = "nurse", language: str = "en", **options: object) -> Page:
        page = new_portal_page(f"/{language}/sign-in", **options)
        page.click(f"button[value={person}]")
        page.goto(f"/{language}/")
        return page

    return enter

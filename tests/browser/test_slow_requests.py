"""Requests that are slow or do not end: the busy state, the time limit and another attempt, on both pages."""

import re
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from playwright.sync_api import Page, Route, expect

from app.web.pages import STATIC_FOLDER
from tests.browser.conftest import NewPage, OpenFront, change_data
from tests.browser.test_phone_journey import play
from tests.browser.test_phone_looks import AXE, LOOKS, WCAG, violations
from tests.support.torture import only_in_torture

pytestmark = only_in_torture

BUSY = {"en": "In progress…", "fr": "En cours…"}
RUNNING = {"en": "In progress: Issue a code.", "fr": "En cours\u00a0: Délivrer un code."}
WAIT = {"en": "Please wait.", "fr": "Veuillez patienter."}
TIMED_OUT = {"en": "did not respond within 1 s", "fr": "n’a pas répondu en 1\u00a0s"}


def hold(page: Page, path: str) -> list[Route]:
    """Leave the requests for a path without a response, and return a list to which they are added."""
    held: list[Route] = []
    page.route(f"**{path}", lambda route: held.append(route))
    return held


def expect_violations(page: Page, expected: list[str]) -> None:
    page.evaluate(AXE)
    assert violations(page, WCAG) == expected


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_a_phone_that_waits_shows_it_and_other_buttons_give_the_reason(
    open_phone: NewPage, language: str, width: int, scheme: str
) -> None:
    page = open_phone(language, width=width, color_scheme=scheme)
    for name in ("keys", "meet"):
        play(page, name)
    label = page.inner_text("#do-code")
    held = hold(page, "/phone/code")
    page.click("#do-code")
    expect(page.locator("#do-code")).to_have_text(BUSY[language])
    assert page.get_attribute("#do-code", "aria-busy") == "true"
    expect(page.locator("#status")).to_contain_text(RUNNING[language])
    before = page.inner_text("#result-keys")
    page.locator("#do-keys").press("Enter")
    assert page.get_attribute("#do-keys", "aria-disabled") == "true"
    assert page.evaluate("document.activeElement.id") == "do-keys"
    expect(page.locator("#status")).to_contain_text(WAIT[language])
    expect(page.locator("#status")).to_be_in_viewport()
    assert page.get_attribute("#status", "role") == "status"
    assert page.inner_text("#result-keys") == before
    expect_violations(page, [])
    held.pop().continue_()
    expect(page.locator("#do-code")).to_have_text(label)
    expect(page.locator("#issued-code")).to_have_text(re.compile("^[A-Z0-9]{10}$"))
    expect(page.locator("[aria-busy], [aria-disabled]")).to_have_count(0)
    expect(page.locator("#status")).to_be_empty()


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_a_request_of_a_phone_ends_in_time_and_can_be_repeated(
    new_page: NewPage, language: str, width: int, scheme: str
) -> None:
    page = new_page(width=width, color_scheme=scheme)
    change_data(page, f"/phone/{language}", requestTimeoutSeconds=1)
    page.goto(f"/phone/{language}")
    for name in ("keys", "meet"):
        play(page, name)
    held = hold(page, "/phone/code")
    assert TIMED_OUT[language] in play(page, "code")
    assert len(held) == 1
    expect(page.locator("#result-code")).to_be_in_viewport()
    expect(page.locator("#step-claim")).to_be_hidden()
    expect_violations(page, [])
    page.unroute("**/phone/code")
    assert TIMED_OUT[language] not in play(page, "code")
    expect(page.locator("#step-claim")).to_be_visible()


class StallingServer(SimpleHTTPRequestHandler):
    """Serves the static files, and a response that stops after half of its body."""

    released = Event()

    def __init__(self, *args: object) -> None:
        super().__init__(*args, directory=str(STATIC_FOLDER))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path != "/half":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"1")
        self.released.wait(timeout=60)

    def log_message(self, *_: object) -> None:
        """Write no log."""


def test_a_transfer_that_stops_halfway_ends_in_time(new_page: NewPage) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), StallingServer) as server:
        Thread(target=server.serve_forever).start()
        page = new_page(f"http://127.0.0.1:{server.server_port}/design/icon.svg")
        body = """async () => {
            const { send } = await import("/review/request.js");
            const limited = send("/half", 1).then(() => "", (error) => error.key);
            return Promise.race([limited, new Promise((resolve) => setTimeout(resolve, 30_000, "no limit"))]);
        }"""
        try:
            assert page.evaluate(body) == "live.timeout"
        finally:
            StallingServer.released.set()
            server.shutdown()


FRONT = [
    ("do-issue", "/review/{}/code", "#issued"),
    ("do-smoke", "/services/ready", "#smoke-outcome"),
    ("do-logs", "/review/logs.json*", "#logs-result"),
]


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_each_action_of_the_front_page_is_busy_ends_in_time_and_can_be_repeated(
    new_page: NewPage, language: str, width: int, scheme: str
) -> None:
    page = new_page(width=width, color_scheme=scheme)
    change_data(page, f"/review/{language}", requestTimeoutSeconds=1)
    page.goto(f"/review/{language}")
    for button, path, result in FRONT:
        hold(page, path.format(language))
        label = page.inner_text(f"#{button}")
        page.click(f"#{button}")
        expect(page.locator(f"#{button}")).to_have_text(BUSY[language])
        expect(page.locator(result)).to_contain_text(TIMED_OUT[language])
        expect(page.locator(f"#{button}")).to_have_text(label)
    expect_violations(page, [])
    for button, path, result in FRONT:
        page.unroute(f"**{path.format(language)}")
        page.click(f"#{button}")
        expect(page.locator("[aria-busy]")).to_have_count(0)
        expect(page.locator(result)).not_to_be_empty()
        expect(page.locator(result)).not_to_contain_text(TIMED_OUT[language])


def test_the_front_page_in_its_busy_state_meets_wcag(open_front: OpenFront) -> None:
    page = open_front("fr", width=390)
    for _, path, _ in FRONT:
        hold(page, path.format("fr"))
    for button, _, _ in FRONT:
        page.click(f"#{button}")
    expect(page.locator("[aria-busy]")).to_have_count(len(FRONT))
    page.locator("#do-issue").press("Enter")
    expect(page.locator("#status-issue")).to_contain_text(WAIT["fr"])
    expect_violations(page, [])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_scripts_of_a_version_that_is_gone_leave_a_page_that_says_so(new_page: NewPage, language: str) -> None:
    page = new_page()
    page.route(re.compile(r"/static/[0-9a-f]{16}/front/smoke\.js"), lambda route: route.fulfill(status=404, body=""))
    page.goto(f"/review/{language}")
    expect(page.locator("#idle")).to_be_visible()
    expect(page.locator("#do-smoke")).to_be_hidden()
    page.click("#do-issue")  # the form works without the script
    expect(page.locator("#issued-code")).to_be_visible()

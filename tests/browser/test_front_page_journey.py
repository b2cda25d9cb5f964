"""The front page of a review instance, used by keyboard."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from clients import smoke
from tests.browser.conftest import NewPage, OpenFront
from tests.browser.test_phone_journey import tab_to

STEPS = 7
PASSED = {"en": "All 7 steps passed", "fr": "Les 7 étapes ont réussi"}
OUTCOME = "#smoke-outcome"


def run_smoke_test(page: Page) -> str:
    """Press the button, wait for the end, and return the outcome."""
    page.locator("#do-smoke").press("Enter")
    expect(page.locator(OUTCOME)).to_have_class(re.compile("outcome--(good|bad)"))
    return page.inner_text(OUTCOME)


def states(page: Page) -> list[str | None]:
    return [item.get_attribute("data-state") for item in page.locator("#checks > li").all()]


def test_everything_can_be_tried_by_keyboard_alone(open_front: OpenFront) -> None:
    page = open_front()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip the list of contents
    tab_to(page, "do-issue")
    page.keyboard.press("Enter")
    code = page.locator("#issued-code")
    expect(code).to_have_text(re.compile(r"^[A-Z0-9]{10}$"))
    assert page.get_attribute("#issued", "role") == "status"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-copy=issued-code] + .copy-status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == code.text_content()
    tab_to(page, "do-smoke")
    assert run_smoke_test(page).startswith(PASSED["en"])
    assert states(page) == ["passed"] * STEPS
    assert re.search(r"\d+\sms", page.locator(".check__state").first.inner_text())
    assert "POST /claim-key → 200" in page.locator("[data-check=claim]").inner_text()
    tab_to(page, "show-endpoints")
    page.keyboard.press("Enter")
    expect(page.get_by_text("/new-key-claim", exact=True)).to_be_visible()
    tab_to(page, "log-process")
    page.keyboard.type("worker")
    expect(page.locator("#log-lines > li")).to_have_count(2)
    tab_to(page, "log")


def test_an_archive_is_downloaded_under_a_descriptive_name(open_front: OpenFront) -> None:
    page = open_front()
    page.click("#show-archives")
    with page.expect_download() as downloading:
        page.locator("#archives a").first.click()
    assert downloading.value.suggested_filename == "302-00000.zip"
    assert downloading.value.path().read_bytes().startswith(b"PK")


def test_the_page_and_the_phones_link_to_each_other(open_front: OpenFront) -> None:
    page = open_front("fr")
    page.click("#open-phone")
    assert page.get_attribute("html", "lang") == "fr-CA"
    page.click(".banner__name a")
    expect(page).to_have_url(re.compile("/review/fr$"))


def test_without_scripts_a_code_is_issued_and_the_log_is_filtered(open_front: OpenFront) -> None:
    page = open_front(java_script_enabled=False)
    expect(page.locator("#do-smoke")).to_be_hidden()
    page.click("#do-issue")
    expect(page.locator("#issued-code")).to_be_visible()
    page.select_option("#log-process", "clock")
    page.click("#do-logs")
    expect(page.locator("#log-lines > li")).to_have_count(1)


def answering(status: int, body: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body)


FAILURES: list[tuple[str, Callable[[Route], None], str]] = [
    (
        "/services/ready",
        answering(503, '{"postgresql": "up", "redis": "down"}'),
        "Step 1 of 7 failed. Not available according to /services/ready: Redis.",
    ),
    (
        "/services/version.json",
        answering(200, '{"revision": "other"}'),
        "now runs other, but this page comes from a1b2c3d4e5f6.",
    ),
    ("/phone/code", lambda route: route.abort(), "Step 3 of 7 failed. The server could not be reached. Try again."),
    ("/claim-key", answering(401, "\x08\x02\x18\x31\x22\x00"), "49 attempts left"),
    ("/upload", answering(400, "\x08\x08"), "The server responded with the error INVALID_TIMESTAMP"),
    ("/retrieve/**", answering(200, "not a zip"), "Step 6 of 7 failed. The archive is damaged"),
    ("/retrieve/**", answering(500, ""), "The archive is not available (HTTP status 500)"),
]


def test_a_failed_step_shows_the_reason(open_front: OpenFront) -> None:
    page = open_front()
    for path, answer, reason in FAILURES:
        page.route(f"**{path}", answer)
        assert reason in run_smoke_test(page)
        number = states(page).index("failed")
        assert states(page) == ["passed"] * number + ["failed"] + ["skipped"] * (STEPS - number - 1)
        page.unroute(f"**{path}")
    assert run_smoke_test(page).startswith(PASSED["en"])


def test_midnight_may_fall_into_the_smoke_test(open_front: OpenFront) -> None:
    page = open_front()

    def answer_tomorrow(route: Route) -> None:
        response = route.fetch()
        page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=1))
        route.fulfill(response=response)

    page.route("**/retrieve/**", answer_tomorrow, times=1)  # the first is today's archive, before that with the key
    assert run_smoke_test(page).startswith(PASSED["en"])


def test_a_failed_request_shows_the_reason(open_front: OpenFront) -> None:
    page = open_front()
    for path in ("**/review/en/code", "**/review/logs.json*"):
        page.route(path, answering(500, ""))
    page.click("#do-issue")
    expect(page.locator("#issued")).to_have_text("No code was issued. The server responded with HTTP status 500.")
    page.click("#do-logs")
    expect(page.locator("#logs-result")).to_have_text(
        "The log could not be refreshed. The server responded with HTTP status 500."
    )


def test_the_command_tests_the_same_from_a_terminal(
    new_page: NewPage, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = new_page("/review/en")
    command = page.inner_text("#command-smoke")
    assert command == f"bin/smoke-test {address}"
    assert smoke.main(command.split()[1:]) == 0
    assert capsys.readouterr().out.count("passed  ") == STEPS

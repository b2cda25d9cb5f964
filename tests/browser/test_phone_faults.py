"""The page of the simulated phones where it cannot start, and its errors."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from app.domain.claims import ClaimErrorCode
from app.proto.codec import encode_claim_error
from tests.browser.conftest import INSECURE_HOST, NewPage
from tests.browser.test_front_page_journey import answering
from tests.browser.test_phone_journey import play, show_all_steps
from tests.browser.test_phone_looks import AXE, WCAG, violations
from tests.support.torture import only_in_torture

pytestmark = only_in_torture

IDLE = {"en": "The phones did not start", "fr": "Les téléphones n’ont pas démarré"}
INSECURE = {"en": "require a secure address", "fr": "nécessitent une adresse sécurisée"}
UNEXPECTED = {"en": "An unexpected error occurred", "fr": "Une erreur inattendue s’est produite"}


def expect_disabled_controls(page: Page) -> None:
    """Assert that every control of the steps is disabled."""
    controls = page.locator("main fieldset :is(button, input, select)")
    expect(controls).to_have_count(10)
    for control in controls.all():
        expect(control).to_be_disabled()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_without_scripts_the_page_gives_the_reason_and_disables_its_controls(
    open_phone: NewPage, language: str
) -> None:
    page = open_phone(language, java_script_enabled=False)
    expect(page.locator("#idle")).to_be_visible()
    expect(page.locator("#idle")).to_contain_text(IDLE[language])
    expect_disabled_controls(page)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_at_an_insecure_address_the_page_gives_the_reason_and_disables_its_controls(
    new_page: NewPage, address: str, language: str
) -> None:
    insecure = f"http://{INSECURE_HOST}:{urlsplit(address).port}"
    page = new_page(f"/phone/{language}", base_url=insecure, complaint="Cross-Origin-Opener-Policy")
    assert page.evaluate("[isSecureContext, typeof crypto.subtle]") == [False, "undefined"]
    expect(page.locator("#insecure")).to_contain_text(INSECURE[language])
    expect(page.locator("#idle")).to_be_hidden()
    expect_disabled_controls(page)


@pytest.mark.parametrize("name", ["page.js", "zip.js"])
def test_without_one_of_its_scripts_the_page_stays_disabled(new_page: NewPage, name: str) -> None:
    page = new_page(width=390)
    page.route(f"**/review/{name}", lambda route: route.abort())
    page.goto("/phone/fr")
    expect(page.locator("#idle")).to_be_visible()
    expect_disabled_controls(page)
    page.evaluate(AXE)
    assert violations(page, WCAG) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_page_that_has_started_shows_no_notice_and_enables_its_controls(open_phone: NewPage) -> None:
    page = open_phone()
    expect(page.locator("main :disabled")).to_have_count(0)
    expect(page.locator("#idle")).to_be_hidden()
    expect(page.locator("#insecure")).to_be_hidden()


def test_no_form_puts_the_code_into_an_address(new_page: NewPage) -> None:
    page = new_page()
    page.route("**/review/page.js", lambda route: route.abort())
    page.goto("/phone/en")
    page.locator("fieldset").evaluate_all("all => all.forEach((each) => { each.disabled = false; })")
    page.locator("[data-started], main").evaluate_all("all => all.forEach((each) => { each.dataset.started = ''; })")
    page.fill("#code", "ABC DEF GHJK")
    with page.expect_navigation():
        page.click("#do-claim")
    assert urlsplit(page.url)[2:] == ("/phone/en", "", "")


FAULTS: list[tuple[Callable[[Route], None], str]] = [
    (lambda route: route.abort(), "The server could not be reached"),
    (answering(502, "<html>"), "is not a message of the protocol"),
    (
        lambda route: route.fulfill(status=500, body=encode_claim_error(ClaimErrorCode.SERVER_ERROR, 0, None)),
        "the error SERVER_ERROR",
    ),
]


def test_only_a_rejected_code_marks_its_field(open_phone: NewPage) -> None:
    page = open_phone()
    show_all_steps(page)
    page.fill("#code", "wrong")
    for answer, said in FAULTS:
        page.route("**/claim-key", answer)
        assert said in play(page, "claim")
        assert page.get_attribute("#code", "aria-invalid") == "false"
        page.unroute("**/claim-key")
        show_all_steps(page)
    assert "This code is unknown" in play(page, "claim")
    assert page.get_attribute("#code", "aria-invalid") == "true"
    show_all_steps(page)
    page.route("**/claim-key", FAULTS[0][0])
    play(page, "claim")
    assert page.get_attribute("#code", "aria-invalid") == "false"


WAITS = [
    ("en", timedelta(seconds=20), "in 1 minute."),
    ("en", timedelta(minutes=60), "in 60 minutes."),
    ("en", timedelta(minutes=1500), "in 25 hours."),
    ("fr", timedelta(seconds=0), "dans 1\u00a0minute."),
    ("fr", timedelta(minutes=121), "dans 3\u00a0heures."),
]


@pytest.mark.parametrize(("language", "ban", "said"), WAITS)
def test_a_ban_shows_both_reasons_and_a_readable_time(
    open_phone: NewPage, language: str, ban: timedelta, said: str
) -> None:
    page = open_phone(language)
    body = encode_claim_error(ClaimErrorCode.TEMPORARY_BAN, 0, ban)
    page.route("**/claim-key", lambda route: route.fulfill(status=429, body=body))
    show_all_steps(page)
    page.fill("#code", "wrong")
    told = play(page, "claim")
    assert said in told
    assert {"en": "too many requests", "fr": "trop de requêtes"}[language] in told
    assert page.get_attribute("#code", "aria-invalid") == "false"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_unexpected_error_is_shown_in_the_language_of_the_page(new_page: NewPage, language: str) -> None:
    page = new_page(f"/phone/{language}", complaint="TypeError")
    page.route("**/phone/code", answering(200, "{}"))
    show_all_steps(page)
    told = play(page, "code")
    assert UNEXPECTED[language] in told
    assert "undefined" not in told
    page.goto(f"/review/{language}")
    page.route(f"**/review/{language}/code", answering(200, "null"))
    page.click("#do-issue")
    expect(page.locator("#issued")).to_contain_text(UNEXPECTED[language])
    expect(page.locator("#issued")).not_to_contain_text("null")

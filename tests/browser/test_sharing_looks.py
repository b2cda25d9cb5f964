"""Every state of the pages for sharing: accessible, readable at every width, and light."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import INSECURE_HOST, NewPage, SharingSite
from tests.browser.test_portal_looks import faults
from tests.support.torture import times

LOOKS = [("en", "light"), ("fr", "dark"), ("en", "dark"), ("fr", "light")]
INFORMATION = ("/privacy", "/accessibility")
MAX_PAGE_BYTES = 100_000


def shared(page: Page, language: str, passphrase: str = "") -> dict[str, str]:
    """Share a text, and return its links in a language."""
    page.goto(f"/share/{language}")
    page.fill("#text", "a text that is long enough to need more than one line on a phone " * 20)
    page.fill("#passphrase", passphrase)
    page.click("#submit")
    expect(page.locator("[data-state=done]")).to_be_visible()
    links = {name: page.input_value(f"#{name}") for name in ("link", "receipt")}
    return {name: link.replace("#", f"/{language}#") for name, link in links.items()}


def looks_done(page: Page, language: str) -> None:
    shared(page, language)
    page.click(".qr summary")
    expect(page.locator(".qr path")).to_have_count(1)


def looks_wrong(page: Page, language: str) -> None:
    page.goto(f"/share/{language}")
    page.click("#submit")
    expect(page.locator("#error-summary")).to_be_visible()


def looks_file(page: Page, language: str) -> None:
    page.goto(f"/share/{language}")
    page.check("#kind-file")


def looks_closed(page: Page, language: str) -> None:
    page.goto(shared(page, language, "phrase")["link"])
    page.fill("#passphrase", "wrong")
    page.click("#submit")
    expect(page.locator("#kept")).to_be_visible()


def looks_opened(page: Page, language: str) -> None:
    page.goto(shared(page, language)["link"])
    page.click("#submit")
    expect(page.locator("[data-state=opened]")).to_be_visible()


def looks_nothing(page: Page, language: str) -> None:
    page.goto(f"/share/open/{language}#s1.{'A' * 43}")
    page.click("#submit")
    expect(page.locator("[data-state=nothing]")).to_be_visible()


def looks_incomplete(page: Page, language: str) -> None:
    page.goto(f"/share/open/{language}#s1.A")
    expect(page.locator("[data-state=incomplete]")).to_be_visible()


def looks_receipt(page: Page, language: str) -> None:
    page.goto(shared(page, language)["receipt"])
    page.click("#ask")
    expect(page.locator("#question")).to_be_visible()


def looks_asked(page: Page, language: str) -> None:
    page.goto(f"/share/request/{language}")
    page.click("#submit")
    expect(page.locator("#request-list li")).to_have_count(1)


def looks_answer(page: Page, language: str) -> None:
    looks_asked(page, language)
    page.goto(page.input_value("#link").replace("#", f"/{language}#"))
    expect(page.locator("#submit")).to_be_enabled()


STATES: list[Callable[[Page, str], None]] = [
    looks_done,
    looks_wrong,
    looks_file,
    looks_closed,
    looks_opened,
    looks_nothing,
    looks_incomplete,
    looks_receipt,
    looks_asked,
    looks_answer,
]


@pytest.mark.parametrize(("language", "scheme"), times(LOOKS[:1], LOOKS))
def test_every_state_meets_wcag_at_every_width(new_sharing_page: NewPage, language: str, scheme: str) -> None:
    found = {}
    for state in STATES:
        page = new_sharing_page(color_scheme=scheme)
        page.on("dialog", lambda dialog: dialog.accept())
        state(page, language)
        found[state.__name__] = faults(page)
    assert {state: each for state, each in found.items() if each} == {}


@pytest.mark.parametrize(("language", "scheme"), times(LOOKS[:1], LOOKS))
def test_privacy_and_accessibility_meet_wcag(new_sharing_page: NewPage, language: str, scheme: str) -> None:
    found = {}
    for path in INFORMATION:
        page = new_sharing_page(f"/share{path}/{language}", color_scheme=scheme)
        found[path] = faults(page)
    assert found == {path: [] for path in INFORMATION}


def test_pages_weigh_little(new_sharing_page: NewPage) -> None:
    page = new_sharing_page()
    page.route("**", lambda route: route.continue_())  # which turns the cache off
    responses: list[Response] = []
    page.on("response", lambda each: responses.append(each))
    weights = {}
    for path in ("/share/en", "/share/open/en", "/share/receipt/en", "/share/request/en", "/share/answer/en"):
        responses.clear()
        page.goto(path, wait_until="networkidle")
        weights[path] = sum(len(each.body()) for each in responses if each.ok)
    assert min(weights.values()) > 0
    assert {path: weight for path, weight in weights.items() if weight > MAX_PAGE_BYTES} == {}


def test_without_encryption_the_page_states_why(new_sharing_page: NewPage, sharing_site: SharingSite) -> None:
    page = new_sharing_page(complaint="Cross-Origin-Opener-Policy")
    page.goto(f"{sharing_site.address.replace('127.0.0.1', INSECURE_HOST)}/share/en")
    expect(page.locator("[data-state=insecure]")).to_contain_text("was not loaded over HTTPS")
    expect(page.locator("#submit")).to_be_hidden()


def test_without_a_script_nothing_can_be_sent(new_sharing_page: NewPage) -> None:
    page = new_sharing_page("/share/fr", java_script_enabled=False)
    expect(page.locator("noscript p")).to_contain_text("nécessite JavaScript")
    expect(page.locator("#text")).to_be_disabled()

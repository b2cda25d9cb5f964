"""Pages of the portal about one thing, and forms that were refused: as accessible as the pages that others test."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from app.domain.portal.rights import Right, Role
from app.store.portal.announcements import Announcement
from tests.browser.conftest import NewPage
from tests.browser.portals import portal_fixtures
from tests.browser.test_phone_looks import AXE, WCAG, violations
from tests.browser.test_portal_looks import WIDTHS
from tests.support.incidents import reviewed
from tests.support.invitations import actor, invite, links
from tests.support.places import register, switch_on
from tests.support.portal import add_account, signed_in
from tests.support.service import Service
from tests.support.torture import only_in_ci, only_in_torture, times

pytestmark = only_in_ci

SURFACES = {"SURFACES": "submission,portal", "TEXT_MESSAGE_URL": "outbox"}
PREFIX = {"en": "Error:", "fr": "Erreur\N{NO-BREAK SPACE}:"}
# Sends the form of the page as it is, without the browser's own checks.
SEND = "document.querySelector('main form:not(.announcement form)').requestSubmit()"
# What the page of another account, which signed in later, sends to this one.
OTHER_ACCOUNT = """
    new BroadcastChannel("session").postMessage({ account: "another", session: Number.MAX_SAFE_INTEGER, seconds: 9 })
"""
SMALL_TARGETS = """
    [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, .button, nav a")]
        .filter((each) => each.checkVisibility() && !each.classList.contains("visually-hidden"))
        .filter((each) => { const box = each.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
        .map((each) => each.outerHTML.slice(0, 90))
"""


portal_address, service = portal_fixtures(SURFACES)


@pytest.fixture
def things(service: Service) -> dict[str, str]:
    """Store one thing of every kind, and return the paths of the pages about them."""
    switch_on(service, "ON")
    service.execute("UPDATE portal_jurisdiction_switches SET text_messages = true")
    now = service.clock.now
    nurse, place = add_account(service, name="Zoé Anne-Sophie Roy-Tremblay"), register(service)
    invite(service, actor(service))
    with service.database.session() as session:
        session.add(
            row := Announcement(
                level="warning",
                text_en="Closed",
                text_fr="Fermé",
                starts=now,
                ends=now + timedelta(days=1),
                created=now,
            )
        )
        session.flush()
        announcement = row.id
    incident = reviewed(service.app.context.incidents, now)
    forms = ["role", "disable", "enable", "code", "reset"]
    return {
        "profile": f"/people/{nurse}",
        **{each: f"/people/{nurse}/{each}" for each in forms},
        "place": f"/places/{place.id}",
        "alert": f"/places/{place.id}/alert",
        "announcement": f"/announcements/{announcement}",
        "incident": f"/incidents/{incident}",
        "incident edit": f"/incidents/{incident}/edit",
        "report": f"/incidents/{incident}/report",
        "report edit": f"/incidents/{incident}/report/edit",
    }


@pytest.fixture
def page(new_portal_page: NewPage, service: Service, things: dict[str, str], portal_address: str) -> Page:
    """The browser of a superuser."""
    page = new_portal_page()
    account = add_account(service, "root@health.example", role=Role.SUPERUSER, granted=(Right.OUTBREAKS,))
    cookie = signed_in(service, account).client.get_cookie("portal")
    page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": portal_address}])
    return page


def faults(page: Page, language: str) -> list[str]:
    """Return what is wrong with a page, in whatever state it is."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate(AXE)
    found = [str(each) for each in violations(page, WCAG)]
    title = page.title()
    if page.locator(".error-summary").count():
        if not title.startswith(PREFIX[language]):
            found.append(f"the title {title!r} does not state that there is an error")
        if page.evaluate("document.activeElement.className") != "error-summary":
            found.append("the focus is not in the summary")
        for link in page.locator(".error-summary ul a").all():
            target = link.get_attribute("href") or ""
            link.click()
            if not page.evaluate("document.activeElement.matches('input, select, textarea')"):
                found.append(f"the link of the summary to {target} leads to no field")
        title = title.removeprefix(PREFIX[language]).strip()
    if page.locator("h1").count() != 1 or not title.startswith(page.locator("h1").inner_text()):
        found.append(f"the title {title!r} does not begin with the only h1")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if (needed := page.evaluate("document.documentElement.scrollWidth")) != width:
            found.append(f"needs {needed} of {width} pixels")
    return found + [f"small: {each}" for each in page.evaluate(SMALL_TARGETS)]


@pytest.mark.parametrize(
    ("language", "scheme"), times([("en", "light")], [("fr", "dark"), ("en", "dark"), ("fr", "light")])
)
def test_pages_about_one_thing_meet_wcag(page: Page, things: dict[str, str], language: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    found = {}
    for name, path in things.items():
        page.goto(f"/{language}{path}")
        found[name] = faults(page, language)
    assert {name: each for name, each in found.items() if each} == {}


FORMS = ("/people/invite", "/places/new", "/announcements/new", "/tokens/new", "/incidents/new", "/account/password")
FORMS += ("/account/authenticator", "/account/details", "/confirm")


@pytest.mark.parametrize(
    ("language", "scheme"), times([("fr", "light")], [("en", "dark"), ("en", "light"), ("fr", "dark")])
)
def test_forms_that_were_refused_meet_wcag(page: Page, things: dict[str, str], language: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    found = {}
    for path in ("/codes?reference=none", *FORMS, things["alert"], things["announcement"], things["incident"]):
        page.goto(f"/{language}{path}")
        page.locator("main input[type=text], main input[type=email], main textarea").evaluate_all(
            "(fields) => fields.forEach((each) => { each.value = ''; })"
        )
        if "?" not in path:
            with page.expect_navigation():
                page.evaluate(SEND)
        found[path] = faults(page, language)
        if not page.locator(".error-summary").count():
            found[path].append("no error is stated")
    assert {name: each for name, each in found.items() if each} == {}


@only_in_torture
@pytest.mark.parametrize("language", ["en", "fr"])
def test_pages_for_visitors_meet_wcag_when_refused(
    new_portal_page: NewPage, service: Service, things: dict[str, str], language: str
) -> None:
    page = new_portal_page()
    invitation = links(service)[0].partition("/invitation/")[2]
    found = {}
    for path in ("/sign-in", "/password-link", f"/invitation/{invitation}"):
        page.goto(f"/{language}{path}")
        if "invitation" in path:
            found[path] = faults(page, language)
        with page.expect_navigation():
            page.evaluate(SEND)
        found[path] = found.get(path, []) + faults(page, language)
    assert {name: each for name, each in found.items() if each} == {}


@only_in_torture
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_text_message_that_was_refused_meets_wcag(page: Page, language: str) -> None:
    page.goto(f"/{language}/")
    with page.expect_navigation():
        page.evaluate(SEND)
    page.fill("#number", "1")
    with page.expect_navigation():
        page.evaluate("document.querySelector('#shown-code').requestSubmit()")
    assert page.locator(".error-summary").count()
    assert faults(page, language) == []


@only_in_torture
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_set_up_and_the_second_factor_meet_wcag(
    new_portal_page: NewPage, service: Service, portal_address: str, language: str
) -> None:
    page, found = new_portal_page(), {}
    for may_set_up, paths in {True: ("", "/passkey", "/authenticator"), False: ("/sign-in/second-factor",)}.items():
        account = add_account(service, f"new-{len(paths)}@health.example")
        cookie = signed_in(service, account, is_complete=False).client.get_cookie("portal")
        page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": portal_address}])
        service.execute(
            "UPDATE portal_sessions SET may_set_up = :may WHERE account_id = :id", may=may_set_up, id=account
        )
        for path in paths:
            page.goto(f"/{language}/set-up{path}" if may_set_up else f"/{language}{path}")
            found[path] = faults(page, language)
            if path in ("/authenticator", "/sign-in/second-factor"):
                page.fill("#code", "000000")
                with page.expect_navigation():
                    page.evaluate("document.querySelector('form.form-stack').requestSubmit()")
                assert page.locator(".error-summary").count()
                found[path] += faults(page, language)
    assert {path: each for path, each in found.items() if each} == {}


@only_in_torture
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_dialogs_about_the_session_meet_wcag(page: Page, language: str) -> None:
    page.clock.install()
    page.goto(f"/{language}/account")
    found = {}
    for state, then in {"warning": "58:10", "ended": "02:00"}.items():
        page.clock.fast_forward(then)
        assert page.locator(f"dialog [data-state={state}]").is_visible()
        found[state] = faults(page, language)
    page.goto(f"/{language}/account")
    page.evaluate(OTHER_ACCOUNT)
    page.locator("dialog [data-state=replaced]").wait_for()
    found["replaced"] = [each for each in faults(page, language) if "h1" not in each]
    assert {state: each for state, each in found.items() if each} == {}


@only_in_torture
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_shown_once_meets_wcag(page: Page, things: dict[str, str], language: str) -> None:
    found = {}
    for path, name in (
        ("/", ""),
        (things["code"], ""),
        (things["reset"], ""),
        ("/tokens/new", "Lab"),
        ("/account/codes", ""),
    ):
        page.goto(f"/{language}{path}")
        if name:
            page.fill("#name", name)
        with page.expect_navigation():
            page.evaluate(SEND)
        found[path] = faults(page, language)
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("language", times(["en"], ["en", "fr"]))
def test_a_form_that_was_sent_too_late_keeps_what_was_typed_and_meets_wcag(
    page: Page, service: Service, language: str
) -> None:
    page.goto(f"/{language}/people/invite")
    page.fill("#email", "grace@health.example")
    service.execute("UPDATE portal_sessions SET confirmed_at = confirmed_at - interval '16 minutes'")
    with page.expect_navigation():
        page.evaluate(SEND)
    assert page.input_value("#email") == "grace@health.example"
    assert page.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "unproven"
    assert faults(page, language) == []
    with page.expect_popup() as popup:
        page.click("[aria-labelledby=unproven] a")
    assert popup.value.url.endswith(f"/{language}/confirm?next=/confirmed")

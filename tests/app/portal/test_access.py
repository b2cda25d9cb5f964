"""Who may use which page: a table of all pages, roles and jurisdictions."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.portal.rights import ROLE_RIGHTS, Right, Role
from app.portal.views.blueprint import PAGES, Page
from app.store.portal import sessions
from app.store.portal.sessions import PortalSession
from tests.support.portal import Visitor, add_account, person, signed_in
from tests.support.service import Service

ARGUMENTS = {"<int:number>": "999999", "<path:address>": "nothing-here", "<token>": "x" * 43, "<reference>": "ZZZZ9999"}
PRIVATE = [page for page in PAGES.values() if not page.is_public]
SIGN_IN = (303, "/en/sign-in")
# Who may use which page; a new page needs a place here. None: everyone who has signed in.
PUBLIC = """
/<path:address> /accessibility /demonstration /help /invitation/<token> /new-password/<token> /outbox /password-link
/password-link/sent /privacy /set-up /set-up/authenticator /set-up/codes /set-up/finish /set-up/passkey /sign-in
/sign-in/passkey /sign-in/second-factor
"""
RIGHTS = {
    None: """
        /account /account/authenticator /account/authenticator/remove /account/codes /account/codes/saved
        /account/details /account/passkey /account/passkeys/<int:number>/remove /account/password
        /account/sessions/<int:number>/end /account/sessions/end /announcements/<int:number>/dismiss /confirm
        /confirm/passkey /confirmed /session/continue /sign-out
    """,
    Right.ISSUE: "/ /code /code/text-message /codes /codes/<reference> /codes/list /codes/list/issue",
    Right.SEE_PEOPLE: "/people /people/<int:number>",
    Right.MANAGE_PEOPLE: """
        /people/<int:number>/code /people/<int:number>/disable /people/<int:number>/enable /people/<int:number>/reset
        /people/<int:number>/role /people/invitations/<int:number>/resend /people/invitations/<int:number>/withdraw
        /people/invite
    """,
    Right.OUTBREAKS: """
        /alerts /alerts/<int:number> /alerts/<int:number>/send /places /places/<int:number>
        /places/<int:number>/alert /places/<int:number>/poster /places/new
    """,
    Right.STATISTICS: "/statistics /statistics/codes.csv",
    Right.FIGURES: "/statistics/figures /statistics/figures.csv",
    Right.AUDIT: "/audit /audit/entries.csv",
    Right.TOKENS: "/tokens /tokens/<int:number>/revoke /tokens/new",
    Right.INCIDENTS: """
        /incidents /incidents/<int:number> /incidents/<int:number>/acknowledge /incidents/<int:number>/edit
        /incidents/<int:number>/mitigate /incidents/<int:number>/reopen /incidents/<int:number>/report
        /incidents/<int:number>/report/edit /incidents/<int:number>/report/publish /incidents/<int:number>/report/read
        /incidents/<int:number>/resolve /incidents/new
    """,
    Right.EVERYWHERE: """
        /announcements /announcements/<int:number> /announcements/<int:number>/end /announcements/new /jurisdictions
    """,
}
# What acts without a page that asks first: a request with GET, which needs no token of a form, must not do it.
ONLY_POST = """
/account/codes/saved /account/sessions/<int:number>/end /account/sessions/end /alerts/<int:number>/send
/announcements/<int:number>/dismiss /announcements/<int:number>/end /codes/list/issue /confirm/passkey /demonstration
/incidents/<int:number>/acknowledge /incidents/<int:number>/mitigate /incidents/<int:number>/reopen
/incidents/<int:number>/report/publish /incidents/<int:number>/report/read /incidents/<int:number>/resolve
/people/invitations/<int:number>/resend /people/invitations/<int:number>/withdraw /session/continue /set-up/finish
/sign-in/passkey /sign-out
"""


def address(page: Page, language: str = "en") -> str:
    """Return an address of a page, whose arguments are those of nothing that exists."""
    path = page.rule
    for pattern, value in ARGUMENTS.items():
        path = path.replace(pattern, value)
    assert "<" not in path, f"add an argument for {page.rule} to ARGUMENTS"
    return f"/{language}{path}"


def opened(visitor: Visitor, page: Page) -> tuple[int, str]:
    """Return the status of a page without a form that was filled in, and where it leads."""
    response = visitor.client.open(address(page), method="GET" if "GET" in page.methods else "POST")
    return response.status_code, (response.location or "").partition("?")[0]


def test_every_page_requires_the_right_that_is_written_here() -> None:
    assert {page.rule for page in PAGES.values() if page.is_public} == set(PUBLIC.split())
    written = {rule: right for right, rules in RIGHTS.items() for rule in rules.split()}
    assert {page.rule: page.right for page in PRIVATE} == written


def test_what_acts_at_once_is_only_for_forms() -> None:
    assert {page.rule for page in PAGES.values() if "GET" not in page.methods} == set(ONLY_POST.split())


def test_a_visitor_is_sent_from_every_page_to_that_for_signing_in(portal: Service) -> None:
    assert {page.endpoint: found for page in PRIVATE if (found := opened(Visitor(portal), page)) != SIGN_IN} == {}


def test_the_address_without_a_language_leads_to_the_first_page(portal: Service) -> None:
    for languages, first in (("", "/en/"), ("fr-CA, en;q=0.5", "/fr/")):
        response = portal.app.test_client().get("/portal", headers={"Accept-Language": languages})
        assert (response.status_code, response.location) == (302, first)


def test_a_redirect_that_adds_a_slash_stays_on_the_host_that_was_asked(portal: Service) -> None:
    response = portal.app.test_client().get("/en", headers={"Host": "portal.health.example"})
    assert (response.status_code, response.location) == (308, "/en/")


def test_a_password_alone_opens_no_page(portal: Service) -> None:
    account_id = add_account(portal)
    found = {page.endpoint: opened(signed_in(portal, account_id, is_complete=False), page) for page in PRIVATE}
    assert {endpoint: each for endpoint, each in found.items() if each != SIGN_IN} == {}


@pytest.mark.parametrize("role", list(Role))
def test_a_page_opens_only_for_roles_with_its_right(portal: Service, role: Role) -> None:
    pages = [page for page in PRIVATE if page.right]
    assert pages
    allowed = {page.endpoint for page in pages if opened(person(portal, role), page)[0] != 403}
    assert allowed == {page.endpoint for page in pages if page.right in ROLE_RIGHTS[role]}


def test_a_form_without_the_token_of_its_session_is_refused(portal: Service) -> None:
    response = person(portal).client.post("/en/sign-out")
    assert response.status_code == 400
    assert "This form can no longer be sent" in response.text


def test_a_form_that_another_site_sends_is_refused(portal: Service) -> None:
    visitor = person(portal)
    visitor.client.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"
    assert visitor.post("/en/sign-out", page="/en/").status_code == 400


def test_a_session_ends_after_an_hour_without_a_request(portal: Service) -> None:
    visitor = person(portal)
    for _ in range(3):
        portal.clock.now += timedelta(minutes=59)
        assert visitor.get("/en/").status_code == 200
    portal.clock.now += timedelta(hours=1)
    assert visitor.get("/en/").status_code == 303


def test_a_session_ends_after_twelve_hours(portal: Service) -> None:
    visitor = person(portal)
    for _ in range(23):
        portal.clock.now += timedelta(minutes=30)
        assert visitor.get("/en/").status_code == 200
    portal.clock.now += timedelta(minutes=30)
    assert visitor.get("/en/").status_code == 303


def test_a_disabled_account_has_no_session(portal: Service) -> None:
    account = add_account(portal)
    visitor = signed_in(portal, account)
    assert visitor.get("/en/").status_code == 200
    portal.execute("UPDATE portal_accounts SET disabled_at = now() WHERE id = :id", id=account)
    assert visitor.get("/en/").status_code == 303


def test_a_session_that_ends_while_a_request_looks_it_up_is_ended(
    portal: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, find = person(portal), sessions.find
    portal.clock.advance(minutes=1)  # activity is recorded with the next request

    def find_and_end(*arguments: Any) -> PortalSession | None:
        found = find(*arguments)
        portal.execute("DELETE FROM portal_sessions")  # as another request does
        return found

    monkeypatch.setattr("app.portal.sessions.sessions.find", find_and_end)
    assert visitor.get("/en/account").location == "/en/sign-in?next=%2Faccount"


def test_signing_out_ends_the_session_on_the_server(portal: Service) -> None:
    visitor = person(portal)
    cookie = visitor.client.get_cookie("portal")
    visitor.post("/en/sign-out", page="/en/")
    visitor.client.set_cookie("portal", cookie.value)
    assert visitor.get("/en/").status_code == 303


def test_a_number_that_no_row_can_have_is_not_found(portal: Service) -> None:
    visitor = person(portal, Role.SUPERUSER)
    for page in PRIVATE:
        if "<int:number>" in page.rule and "GET" in page.methods:
            path = address(page).replace(ARGUMENTS["<int:number>"], str(2**63))
            assert visitor.get(path).status_code == 404, page.rule
    for path in ("/en/people?after=", "/en/audit?before=", "/en/alerts?before="):
        assert visitor.get(f"{path}{2**63}").status_code == 200

"""A portal in a real Chromium, with authenticators, and the same application in this process."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from app.domain.timeline import utc_now
from tests.browser.conftest import opening
from tests.browser.portals import portal_fixtures
from tests.support.service import Service

SURFACES = {"SURFACES": "submission,portal"}
VIRTUAL_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
Open = Callable[..., Page]


# On a host name, which passkeys need.
portal_address, service = portal_fixtures(SURFACES, "localhost")


@pytest.fixture
def invite(service: Service) -> Callable[[str, str], str]:
    """Invite a superuser to the portal, and return the path of the link."""

    def invite(email: str, language: str = "en") -> str:
        token = service.app.context.portal.operation.invite_superuser(email, "ON", language, utc_now())
        return f"/{language}/invitation/{token}"

    return invite


@pytest.fixture
def open_portal(browser: Browser, portal_address: str, service: Service) -> Iterator[Open]:
    """Open a page of the portal, with an authenticator in the browser."""
    with opening(browser, portal_address) as open_page:

        def open_portal(path: str, *, has_authenticator: bool = True, **options: object) -> Page:
            page = open_page(**options)
            if has_authenticator:
                add_authenticator(page)
            page.goto(path)
            return page

        yield open_portal


def add_authenticator(page: Page, **options: object) -> None:
    """Give the browser an authenticator, which answers at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL_AUTHENTICATOR | options})

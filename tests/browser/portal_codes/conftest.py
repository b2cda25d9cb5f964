"""A portal in a real browser, and the person who has signed in to it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from playwright.sync_api import Page

from app.domain.portal.rights import Role
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from tests.browser.conftest import NewPage
from tests.browser.portals import portal_fixtures
from tests.support.portal import add_account, signed_in
from tests.support.service import Service
from tests.support.settings import SECRETS

SURFACES = {"SURFACES": "submission,portal", "PORTAL_DAILY_CODES": "120", "TEXT_MESSAGE_URL": "outbox"}


portal_address, service = portal_fixtures(SURFACES)


def sign_in(page: Page, service: Service, address: str, role: Role = Role.STAFF) -> None:
    """Give the browser the session of a new person."""
    cookie = signed_in(service, add_account(service, role=role)).client.get_cookie("portal")
    page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": address}])


@pytest.fixture
def nurse(new_portal_page: NewPage, service: Service, portal_address: str) -> Page:
    """The browser of a nurse who has signed in."""
    page = new_portal_page()
    sign_in(page, service, portal_address)
    return page


def claim(address: str, code: str) -> None:
    """Enter a code on the reference phone."""
    key = generate_private_key(SECP256R1()).public_key()  # for archives, which are not read here
    Server(Settings(address, address, bytes.fromhex(SECRETS["RETRIEVE_HMAC_KEY"]), key)).claim(code)


def shown_code(page: Page) -> str:
    return "".join((page.locator("#code").text_content() or "").split())

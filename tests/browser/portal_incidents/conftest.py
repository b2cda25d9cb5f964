"""Two people who operate the service, each in a browser of their own."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from app.domain.portal.rights import Role
from tests.browser.conftest import opening
from tests.browser.portals import portal_fixtures
from tests.support.portal import add_account, signed_in
from tests.support.service import Service

SURFACES = {"SURFACES": "submission,portal,status"}


portal_address, service = portal_fixtures(SURFACES)


@pytest.fixture
def enter(browser: Browser, service: Service, portal_address: str) -> Iterator[Callable[..., Page]]:
    """Open a browser in which a superuser has signed in."""
    with opening(browser, portal_address) as open_page:

        def open_browser(name: str, **options: object) -> Page:
            page = open_page(**options)
            account = add_account(service, f"{name}@health.example", role=Role.SUPERUSER)
            cookie = signed_in(service, account).client.get_cookie("portal")
            page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": portal_address}])
            return page

        yield open_browser

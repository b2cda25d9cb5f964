"""A portal in a real Chromium, with authenticators, and the same application in this process."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from app.domain.timeline import utc_now
from tests.browser.conftest import opening
from tests.support.clock import FakeClock
from tests.support.service import Service, empty, start_service
from tests.support.settings import SECRETS, make_settings
from tests.support.web import web_process

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


@pytest.fixture(scope="module")
def portal_address(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A portal on a host name, which passkeys need."""
    log = tmp_path_factory.mktemp("portal") / "web.log"
    with web_process(SECRETS | SURFACES | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}, log) as web:
        yield f"http://localhost:{web.port}"


@pytest.fixture
def service(database_url: str, redis_url: str) -> Iterator[Service]:
    """The same application in this process, for what an operator would do."""
    service = start_service(make_settings(database_url, redis_url, **SURFACES), FakeClock(runs=True))
    empty(service)
    service.clock.now = service.clock()
    yield service
    service.database.dispose()
    service.app.context.redis.close()


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

"""People who have signed in to the portal, for tests of its pages."""

import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.portal.people import Person
from app.domain.portal.rights import Right, Role
from app.portal.sessions import person_of
from app.store.portal.accounts import Account
from tests.support.service import Service

NO_PASSWORD = "no password can have this hash"


@dataclass
class Visitor:
    """A browser at the portal, signed in or not."""

    service: Service
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        """Open the browser, without cookies."""
        self.client = self.service.client

    def get(self, path: str, **request: Any) -> TestResponse:
        """Request a page, such as `/en/codes`."""
        return self.client.get(path, **request)

    def post(self, path: str, page: str | None = None, **fields: Any) -> TestResponse:
        """Open the page that contains a form, which is `path` itself by default, and send the form."""
        return self.send(path, self.open_form(page or path), **fields)

    def open_form(self, page: str) -> str:
        """Open a page with a form, and return the form's token."""
        return token_in(self.client.get(page))

    def send(self, path: str, token: str, **fields: Any) -> TestResponse:
        """Send a form that was opened."""
        return self.client.post(path, data={"csrf_token": token, **fields})


def token_in(page: TestResponse) -> str:
    """Return the token of the form on a page."""
    token = re.search(r'name="csrf_token" [^>]*value="([^"]+)"', page.text)
    assert token, f"no form on {page.request.path}: {page.status}"
    return unescape(token[1])


def switch_to_french(page: str) -> dict[str, str]:
    """Return what the button for the language sends from a page that shows something once."""
    fields = dict(re.findall(r'name="(csrf_token|shown)" value="([^"]+)"', page))
    return {name: unescape(value) for name, value in fields.items()} | {"switch_language": "fr"}


def add_account(
    service: Service,
    email: str = "nurse@health.example",
    *,
    role: Role = Role.STAFF,
    jurisdiction: str = "ON",
    granted: tuple[Right, ...] = (),
    **columns: Any,
) -> int:
    """Store an account, and return its identifier. It has no usable password unless `password_hash` is given."""
    values = {"name": email.partition("@")[0].title(), "password_hash": NO_PASSWORD, "language": "en"} | columns
    with service.database.session() as session:
        account = Account(
            email=email,
            jurisdiction=jurisdiction,
            role=role.value,
            granted=[right.value for right in granted],
            user_handle=secrets.token_bytes(32),
            created=service.clock.now,
            **values,
        )
        session.add(account)
        session.flush()
        return account.id


def person_with(service: Service, account_id: int) -> Person:
    """Return the person of an account, as it is stored now."""
    with service.database.session() as session:
        return person_of(session.get_one(Account, account_id))


def signed_in(service: Service, account_id: int, *, is_complete: bool = True) -> Visitor:
    """Return a browser with a session of an account; an incomplete one lacks the second factor."""
    visitor = Visitor(service)
    sessions = service.app.context.portal.sessions
    token = sessions.begin(account_id, "Firefox, Windows", service.clock.now, is_complete=is_complete)
    with visitor.client.session_transaction() as cookie:
        cookie["token"] = token
    return visitor


def person(service: Service, role: Role = Role.STAFF, jurisdiction: str = "ON", *granted: Right) -> Visitor:
    """Return the browser of a new person of a role who has signed in."""
    email = f"{role.value}-{jurisdiction.lower()}-{secrets.token_hex(3)}@health.example"
    return signed_in(service, add_account(service, email, role=role, jurisdiction=jurisdiction, granted=granted))

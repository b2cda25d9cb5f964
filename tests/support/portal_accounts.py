"""People with a password and second factors, for tests of signing in."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pyotp
from werkzeug.test import TestResponse

from app.crypto.passwords import hash_password
from app.domain.portal.people import Person
from tests.support.authenticator import Authenticator
from tests.support.portal import Visitor, add_account, person_with, token_in
from tests.support.service import Service

PASSWORD = "heron lantern quarry biscuit"
EMAIL = "nurse@health.example"
_OPTIONS = re.compile(r'data-options="([^"]*)"')


@dataclass
class Member:
    """A person with an account that is set up: a password, an authenticator app and backup codes."""

    service: Service
    account_id: int
    email: str
    secret: str = ""
    codes: list[str] = field(default_factory=list)

    @property
    def person(self) -> Person:
        """The person of the account, as it is stored."""
        return person_with(self.service, self.account_id)

    def totp(self, steps: int = 0) -> str:
        """Return the code of the authenticator app, now or some steps of 30 seconds later."""
        return pyotp.TOTP(self.secret).at(int(self.service.clock.now.timestamp()) + 30 * steps)


def add_member(service: Service, email: str = EMAIL, *, factor: bool = True, **columns: Any) -> Member:
    """Store a person with a password, and with an authenticator app and backup codes unless `factor` is False."""
    account_id = add_account(service, email, password_hash=hash_password(PASSWORD), **columns)
    member = Member(service, account_id, email)
    if factor:
        factors, now = service.app.context.portal.second_factors, service.clock.now
        pending = factors.new_secret(member.person)
        member.secret = pending.secret
        # The code of an earlier step, so that the present one can be used.
        factors.set_authenticator(member.person, pending, member.totp(-1), now)
        member.codes = factors.new_backup_codes(member.person, now)
        factors.confirm_backup_codes(member.person, now)
        service.execute("DELETE FROM portal_mails")
    return member


def type_password(visitor: Visitor, email: str = EMAIL, password: str = PASSWORD, query: str = "") -> TestResponse:
    """Send the first form of a sign-in."""
    return visitor.post(f"/en/sign-in{query}", email=email, password=password)


def type_code(visitor: Visitor, code: str, query: str = "") -> TestResponse:
    """Send the second form of a sign-in."""
    return visitor.post(f"/en/sign-in/second-factor{query}", code=code)


def sign_in(service: Service, member: Member) -> Visitor:
    """Return a browser in which a person has signed in, with a backup code."""
    visitor = Visitor(service)
    assert type_password(visitor, member.email).status_code == 303
    assert type_code(visitor, member.codes.pop()).location == "/en/"
    return visitor


def options_in(page: str) -> str:
    """Return the options for passkeys that a page holds."""
    found = _OPTIONS.search(page)
    assert found, "no options on the page"
    return unescape(found[1])


def options_on(visitor: Visitor, path: str) -> str:
    """Return the options for passkeys of the page with a path."""
    return options_in(visitor.get(path).text)


def add_passkey(visitor: Visitor, authenticator: Authenticator, path: str = "/en/account/passkey") -> TestResponse:
    """Add a passkey, on the page of the account or of the set-up."""
    page = visitor.get(path)
    answer = authenticator.create(options_in(page.text))
    return send(visitor, page, path, answer=answer, name="Work laptop")


def use_passkey(visitor: Visitor, authenticator: Authenticator, page: str = "/en/sign-in") -> TestResponse:
    """Sign in, or confirm, with a passkey."""
    shown = visitor.get(page)
    answer = authenticator.get(options_in(shown.text))
    action = "/en/confirm/passkey" if page.endswith("/confirm") else "/en/sign-in/passkey"
    return send(visitor, shown, action, answer=answer)


def send(visitor: Visitor, page: TestResponse, path: str, **fields: str) -> TestResponse:
    """Send a form of a page that was loaded before, with its token."""
    return visitor.send(path, token_in(page), **fields)


def link_in_mail(service: Service) -> str:
    """Return the path of the link in the newest message."""
    text = service.app.context.portal.mail.newest(1)[0].message.text
    found = re.search(r"http://localhost(/\S+)", text)
    assert found, text
    return found[1]


def audited(service: Service) -> list[str]:
    """Return the actions in the audit log, the oldest first."""
    return [row.action for row in service.rows("SELECT action FROM portal_audit_entries ORDER BY id")]

"""Links with which people set a new password."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.crypto.passwords import hash_password
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.errors import ActionRefusedError
from app.domain.portal.lock_outs import LINKS, NETWORK_LINKS
from app.domain.portal.passwords import password_problem
from app.domain.portal.people import Person
from app.portal.audit import AuditLog
from app.portal.lockout import LockOut
from app.portal.mail import MailQueue
from app.portal.sessions import person_of
from app.store.portal import accounts, invitations, sessions

VALIDITY: Final = timedelta(hours=1)
_PURPOSE: Final = "password link"
_TOKEN_BYTES: Final = 32
_PROBLEMS: Final = {
    "short": "accounts.error.password_short",
    "long": "accounts.error.password_long",
    "guessable": "accounts.error.password_guessable",
}


@dataclass(frozen=True)
class PasswordLinks:
    """Sends links, and sets passwords with them."""

    database: Database
    keys: PortalKeys
    audit: AuditLog
    mail: MailQueue
    lock_out: LockOut

    def send(self, email: str, address_of: Callable[[str, str], str], network: str, now: datetime) -> None:
        """Send a link to an address. The answer and the time are the same if there is no such account.

        `address_of` returns the address of the page for a language and a token.
        """
        if not self.lock_out.count(NETWORK_LINKS, network, now).is_admitted:
            raise ActionRefusedError("accounts.error.network")
        is_admitted = self.lock_out.count(LINKS, email.lower(), now).is_admitted
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        digest = self.keys.digest(_PURPOSE, token)
        with self.database.session() as session:
            account = accounts.find_by_email(session, email)
            if account is not None and account.disabled_at is None and is_admitted:
                invitations.put_password_link(session, account.id, digest, now + VALIDITY)
                link = address_of(account.language, token)
                self.mail.queue(
                    session, to=account.email, language=account.language, message="password_link", now=now, link=link
                )
            else:
                invitations.take_password_link(session, [digest], now)  # as many statements as above
                self.mail.queue_decoy(session, now)
        self.mail.send_soon()

    def find(self, token: str, now: datetime) -> Person | None:
        """Return whose password a link sets, or None if the link is not valid."""
        with self.database.session() as session:
            link = invitations.find_password_link(session, self.keys.digests(_PURPOSE, token), now)
            account = accounts.find(session, link.account_id) if link else None
            return person_of(account) if account and account.disabled_at is None else None

    def set_password(self, token: str, password: str, now: datetime) -> None:
        """Set a person's password, end all sessions, and unlock the password. The link can be used once."""
        person = self.find(token, now)
        if person is None:
            raise ActionRefusedError("accounts.error.link")
        check_new_password(password, person.name, person.email)
        hashed = hash_password(password)
        with self.database.session() as session:
            link = invitations.take_password_link(session, self.keys.digests(_PURPOSE, token), now)
            account = accounts.lock(session, link.account_id) if link else None
            if account is None or account.disabled_at is not None:
                raise ActionRefusedError("accounts.error.link")
            account.password_hash = hashed
            self.lock_out.unlock_password(session, account.email)
            sessions.end_all(session, account.id)
            self.mail.queue(session, to=account.email, language=account.language, message="password_changed", now=now)
            self.audit.record(session, person_of(account), "reset-password", account.email, now)
        self.mail.send_soon()


def check_new_password(password: str, name: str, email: str) -> None:
    """Raise ActionRefusedError if a new password is too short, too long or guessable."""
    problem = password_problem(password, (name, email))
    if problem is not None:
        raise ActionRefusedError(_PROBLEMS[problem])

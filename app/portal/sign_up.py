"""Accepting an invitation: the person chooses a name, a language and a password, and then sets up a second factor."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.exc import IntegrityError

from app.crypto.passwords import hash_password
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.database.errors import is_violation_of
from app.domain.errors import ActionRefusedError
from app.domain.portal.jurisdictions import Jurisdiction
from app.domain.portal.people import jurisdiction_of
from app.portal.audit import AuditLog
from app.portal.invitations import PURPOSE
from app.portal.password_links import check_new_password
from app.portal.sessions import Sessions, person_of
from app.portal.sign_in import Visit
from app.store.portal import invitations
from app.store.portal.accounts import Account

_USER_HANDLE_BYTES: Final = 32


@dataclass(frozen=True)
class Invited:
    """Whom a link invites, and to which jurisdiction."""

    email: str
    jurisdiction: Jurisdiction


@dataclass(frozen=True)
class SignUp:
    """Turns invitations into accounts."""

    database: Database
    keys: PortalKeys
    audit: AuditLog
    sessions: Sessions

    def find(self, token: str, now: datetime) -> Invited | None:
        """Return whom a link invites, or None if it was used or withdrawn, or has expired."""
        with self.database.session() as session:
            found = invitations.find_invitation(session, self.keys.digests(PURPOSE, token), now)
            return Invited(found.email, jurisdiction_of(found.jurisdiction)) if found else None

    def accept(self, token: str, name: str, language: str, password: str, visit: Visit, now: datetime) -> str:
        """Store the account, and return the token of a session that permits setting up a second factor.

        If a link is used twice at once, one request succeeds.
        """
        invited = self.find(token, now)
        if invited is None:
            raise ActionRefusedError("accounts.error.link")
        check_new_password(password, name, invited.email)
        hashed = hash_password(password)
        try:
            with self.database.session() as session:
                found = invitations.take_invitation(session, self.keys.digests(PURPOSE, token), now)
                if found is None:
                    raise ActionRefusedError("accounts.error.link")
                account = Account(
                    email=found.email,
                    name=name,
                    password_hash=hashed,
                    language=language,
                    jurisdiction=found.jurisdiction,
                    role=found.role,
                    granted=found.granted,
                    user_handle=secrets.token_bytes(_USER_HANDLE_BYTES),
                    created=now,
                )
                session.add(account)
                session.flush()
                token = self.sessions.add(
                    session,
                    account.id,
                    visit.browser,
                    now,
                    is_complete=False,
                    may_set_up=True,
                    replaces=visit.session_id,
                )
                self.audit.record(session, person_of(account), "sign-up", account.email, now, role=account.role)
                return token
        except IntegrityError as error:
            if not is_violation_of(error, Account.__tablename__):
                raise
            raise ActionRefusedError("accounts.error.link") from None

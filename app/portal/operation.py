"""What an operator does with accounts on the command line, where there is no person who signed in."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.errors import ActionRefusedError
from app.domain.portal.addresses import normalize_address
from app.domain.portal.people import Person
from app.domain.portal.rights import Role
from app.portal.audit import AuditLog
from app.portal.invitations import PURPOSE, VALIDITY, withdraw_unpermitted
from app.portal.lockout import LockOut
from app.portal.sessions import person_of
from app.store.portal import accounts, invitations, sessions
from app.store.portal.accounts import Account
from app.store.portal.invitations import Invitation

ACTOR: Final = "command line"  # in the audit log
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class ListedAccount:
    """An account in the operator's list."""

    person: Person
    disabled_at: datetime | None
    last_sign_in: datetime | None


@dataclass(frozen=True)
class Operation:
    """Invites superusers; lists, disables and unlocks accounts."""

    database: Database
    keys: PortalKeys
    audit: AuditLog
    lock_out: LockOut

    def invite_superuser(self, raw_email: str, jurisdiction: str, language: str, now: datetime) -> str:
        """Store an invitation, in place of an open one of the same address, and return the token of its link."""
        email = normalize_address(raw_email)
        if email is None:
            raise ActionRefusedError("not an e-mail address")
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self.database.session() as session:
            if accounts.find_by_email(session, email) is not None:
                raise ActionRefusedError("there is an account with this address; change its role in the portal")
            session.execute(delete(Invitation).where(Invitation.email == email))
            invitations.add(
                session,
                now,
                email=email,
                language=language,
                jurisdiction=jurisdiction,
                role=Role.SUPERUSER.value,
                granted=[],
                token_digest=self.keys.digest(PURPOSE, token),
                expires=now + VALIDITY,
            )
            after = {"role": Role.SUPERUSER.value, "granted": []}
            self.audit.record(session, ACTOR, "invite", email, now, jurisdiction=jurisdiction, after=after)
        return token

    def accounts(self) -> Sequence[ListedAccount]:
        """Return all accounts by address."""
        with self.database.session() as session:
            found = session.scalars(select(Account).order_by(Account.email)).all()
            return [ListedAccount(person_of(each), each.disabled_at, each.last_sign_in) for each in found]

    def disable(self, email: str, now: datetime) -> None:
        """Disable an account, end its sessions and withdraw its invitations."""
        with self.database.session() as session:
            account = _account(session, email)
            if account.disabled_at is None:
                account.disabled_at = now
                sessions.end_all(session, account.id)
                withdraw_unpermitted(session, self.audit, ACTOR, account, now)
                self._record(session, "disable", account, now)

    def unlock(self, email: str, now: datetime) -> None:
        """Forget the failed attempts to sign in to an account."""
        with self.database.session() as session:
            account = _account(session, email)
            self.lock_out.unlock(session, account.email, account.id)
            self._record(session, "unlock", account, now)

    def _record(self, session: Session, action: str, account: Account, now: datetime) -> None:
        self.audit.record(session, ACTOR, action, account.email, now, jurisdiction=account.jurisdiction)


def _account(session: Session, email: str) -> Account:
    account = accounts.find_by_email(session, email.strip())
    if account is None:
        raise ActionRefusedError("no account with this address")
    return account

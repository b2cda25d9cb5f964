"""Sessions: begun at sign-in, resumed by each request, ended by age, idleness or the person."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.portal.people import AGE_LIMIT, IDLE_LIMIT, Person, SignedIn, jurisdiction_of
from app.domain.portal.rights import Right, Role, rights_of
from app.store.portal import sessions
from app.store.portal.accounts import Account
from app.store.portal.sessions import PortalSession

_TOKEN_BYTES: Final = 32
_PURPOSE: Final = "session"
# Activity is recorded no more often than this, so that most requests write nothing.
_RECORDING_INTERVAL: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Sessions:
    """Begins, resumes and ends sessions."""

    database: Database
    keys: PortalKeys

    def begin(self, account_id: int, browser: str, now: datetime, *, is_complete: bool) -> str:
        """Store a session, and return its token for the cookie. Each sign-in and each step of it gets a new one."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self.database.session() as session:
            session.add(
                PortalSession(
                    token_digest=self.keys.digest(_PURPOSE, token),
                    account_id=account_id,
                    browser=browser,
                    created=now,
                    last_seen=now,
                    confirmed_at=now,
                    second_factor_at=now if is_complete else None,
                )
            )
        return token

    def resume(self, token: str, now: datetime) -> SignedIn | None:
        """Return the session of a token, or None if there is none, it has ended, or the account is disabled."""
        with self.database.session() as session:
            found = sessions.find(session, self.keys.digests(_PURPOSE, token))
            if found is None or found.account.disabled_at is not None or _has_ended(found, now):
                return None
            if now - found.last_seen >= _RECORDING_INTERVAL:
                found.last_seen = now
            return _signed_in(found)

    def end(self, session_id: int) -> None:
        """End a session."""
        with self.database.session() as session:
            sessions.end(session, session_id)


def person_of(account: Account) -> Person:
    """Return the person of an account."""
    role, granted = Role(account.role), frozenset(Right(each) for each in account.granted)
    return Person(
        id=account.id,
        email=account.email,
        name=account.name,
        language=account.language,
        jurisdiction=jurisdiction_of(account.jurisdiction),
        role=role,
        granted=granted,
        rights=rights_of(role, granted),
    )


def _has_ended(found: PortalSession, now: datetime) -> bool:
    return now - found.last_seen >= IDLE_LIMIT or now - found.created >= AGE_LIMIT


def _signed_in(found: PortalSession) -> SignedIn:
    return SignedIn(
        session_id=found.id,
        person=person_of(found.account),
        created=found.created,
        last_seen=found.last_seen,
        confirmed_at=found.confirmed_at,
        is_complete=found.second_factor_at is not None,
    )

"""Sessions: begun at sign-in, resumed by each request, ended by age, idleness or the person."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.portal.people import AGE_LIMIT, IDLE_LIMIT, Person, SignedIn, jurisdiction_of
from app.domain.portal.rights import Right, Role, rights_of
from app.store.portal import accounts, sessions
from app.store.portal.accounts import Account
from app.store.portal.sessions import PortalSession

_TOKEN_BYTES: Final = 32
_PURPOSE: Final = "session"
# Activity is recorded no more often than this, so that most requests write nothing.
_RECORDING_INTERVAL: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class OpenSession:
    """A session in the list of a person's sessions."""

    id: int
    browser: str
    created: datetime
    last_seen: datetime


@dataclass(frozen=True)
class Sessions:
    """Begins, resumes and ends sessions."""

    database: Database
    keys: PortalKeys

    def begin(self, account_id: int, browser: str, now: datetime, *, is_complete: bool) -> str:
        """Store a session, and return its token for the cookie."""
        with self.database.session() as session:
            return self.add(session, account_id, browser, now, is_complete=is_complete)

    def add(
        self,
        session: Session,
        account_id: int,
        browser: str,
        now: datetime,
        *,
        is_complete: bool,
        may_set_up: bool = False,
        replaces: int | None = None,
    ) -> str:
        """Store a session in a transaction, and return its token. Each sign-in, and each step of it, has a new one.

        `replaces` is the session of the browser so far, which ends.
        """
        if replaces is not None:
            sessions.end(session, replaces)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session.add(
            PortalSession(
                token_digest=self.keys.digest(_PURPOSE, token),
                account_id=account_id,
                browser=browser,
                created=now,
                last_seen=now,
                confirmed_at=now,
                second_factor_at=now if is_complete else None,
                may_set_up=may_set_up,
            )
        )
        session.flush()
        return token

    def confirm(self, session: Session, session_id: int, now: datetime) -> str:
        """Record that a person proved again who they are, and return the session's new token."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        sessions.renew_token(session, session_id, self.keys.digest(_PURPOSE, token), now)
        return token

    def resume(self, token: str, now: datetime) -> SignedIn | None:
        """Return the session of a token, or None if there is none, it has ended, or the account is disabled.

        Every page needs it: it is one round trip, and every 30 seconds of activity another.
        """
        with self.database.autocommit_session() as session:
            found = sessions.find(session, self.keys.digests(_PURPOSE, token))
            if found is None or found.account.disabled_at is not None or _has_ended(found, now):
                return None
            if now - found.last_seen >= _RECORDING_INTERVAL and not sessions.touch(session, found.id, now):
                return None
            return _signed_in(found)

    def end(self, session_id: int) -> None:
        """End a session."""
        with self.database.session() as session:
            sessions.end(session, session_id)

    def touch(self, session_id: int, now: datetime) -> None:
        """Record activity in a session at once."""
        with self.database.session() as session:
            sessions.touch(session, session_id, now)

    def of_person(self, person: Person, now: datetime) -> list[OpenSession]:
        """Return a person's sessions that have not ended, the most recently used first."""
        with self.database.session() as session:
            found = sessions.of_account(session, person.id)
            return [
                OpenSession(each.id, each.browser, each.created, each.last_seen)
                for each in found
                if not _has_ended(each, now)
            ]

    def end_own(self, person: Person, session_id: int) -> bool:
        """End one of a person's sessions; return whether it was the person's."""
        with self.database.session() as session:
            return sessions.end_of_account(session, person.id, session_id)

    def end_everywhere(self, person: Person) -> None:
        """End all of a person's sessions."""
        with self.database.session() as session:
            accounts.lock(session, person.id)  # so that a sign-in at the same time is ended, or refused
            sessions.end_all(session, person.id)


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
        may_set_up=found.may_set_up,
    )

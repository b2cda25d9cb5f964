"""API tokens, with which a jurisdiction's own systems issue codes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.database.database import Database
from app.domain.errors import PortalPageMissingError
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.portal.actors import lock_actor
from app.portal.audit import AuditLog
from app.store import api_tokens
from app.store.api_tokens import NewToken, StoredToken

_TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class ApiTokens:
    """Makes, lists and revokes the tokens of a jurisdiction."""

    database: Database
    audit: AuditLog

    def make(self, person: Person, jurisdiction: str, name: str, now: datetime) -> str:
        """Return a new token, of which only the digest is stored.

        Raise PortalPageMissingError without the right in the jurisdiction, or NotPermittedError as `lock_actor` does.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self.database.session() as session:
            person = lock_actor(session, person, Right.TOKENS)
            _require(person, jurisdiction)
            api_tokens.add(session.connection(), NewToken(token, jurisdiction, name), now)
            self.audit.record(session, person, "make-token", name, now, jurisdiction=jurisdiction)
        return token

    def listed(self, person: Person) -> Sequence[StoredToken]:
        """Return the tokens that a person may see: the newest first, revoked ones last."""
        with self.database.session() as session:
            return api_tokens.listed(session.connection(), person.scope)

    def find(self, person: Person, number: int) -> StoredToken:
        """Return a token by its number; raise PortalPageMissingError if the person may not see it."""
        with self.database.session() as session:
            found = api_tokens.find(session.connection(), number)
        if found is None:
            raise PortalPageMissingError
        _require(person, found.label)
        return found

    def revoke(self, person: Person, number: int, now: datetime) -> StoredToken:
        """Revoke a token, and return it; raise PortalPageMissingError. Submission refuses it within 10 seconds."""
        found = self.find(person, number)
        with self.database.session() as session:
            if api_tokens.revoke(session.connection(), number, now):
                self.audit.record(session, person, "revoke-token", found.name, now, jurisdiction=found.label)
        return found


def _require(person: Person, jurisdiction: str) -> None:
    if not person.may(Right.TOKENS, jurisdiction):
        raise PortalPageMissingError

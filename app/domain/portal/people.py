"""People who use the portal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.portal.jurisdictions import JURISDICTIONS, Jurisdiction
from app.domain.portal.rights import Right, Role

IDLE_LIMIT: Final = timedelta(hours=1)  # a session ends so long after its last request
AGE_LIMIT: Final = timedelta(hours=12)  # and so long after it began
WARNING: Final = timedelta(minutes=2)  # how long before the end a page offers to continue
CONFIRMATION_LIMIT: Final = timedelta(minutes=15)  # how long a proof of identity permits what is dangerous


@dataclass(frozen=True)
class Person:
    """A person with an account."""

    id: int
    email: str
    name: str
    language: str
    jurisdiction: Jurisdiction
    role: Role
    granted: frozenset[Right]
    rights: frozenset[Right]

    @property
    def scope(self) -> str | None:
        """The code of the jurisdiction to which the person is limited, or None for all."""
        return None if Right.EVERYWHERE in self.rights else self.jurisdiction.code

    def may(self, right: Right, jurisdiction: str | None = None) -> bool:
        """Return whether the person has a right, in a jurisdiction; the default is the person's own."""
        is_own = jurisdiction in (None, self.jurisdiction.code)
        return right in self.rights and (is_own or Right.EVERYWHERE in self.rights)


@dataclass(frozen=True)
class SignedIn:
    """A session, and whose it is. It grants nothing until the second factor was checked."""

    session_id: int
    person: Person
    created: datetime
    last_seen: datetime
    confirmed_at: datetime
    is_complete: bool  # the second factor was checked
    may_set_up: bool = False  # the person may set up a second factor, which the account lacks

    def ends(self, now: datetime) -> datetime:
        """Return when the session ends if no request follows the one of now."""
        return min(now + IDLE_LIMIT, self.created + AGE_LIMIT)

    def is_confirmed(self, now: datetime) -> bool:
        """Return whether the person proved who they are recently enough for what is dangerous."""
        return now - self.confirmed_at < CONFIRMATION_LIMIT


def jurisdiction_of(code: str) -> Jurisdiction:
    """Return a jurisdiction; raise KeyError if it is unknown."""
    return JURISDICTIONS[code]

"""Checking that no entry of the audit log was changed, deleted, inserted or reordered.

Each entry holds a keyed hash of itself and of the entry before it, so any of these breaks the chain, unless it happens
at the end: entries that are cut off there are missed only by someone who noted the newest entry earlier. The log of the
service notes it every hour.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.portal.audit_heads import EMPTY, Head
from app.portal.audit import serialize
from app.store.portal import audit_entries

_BATCH: Final = 1000


@dataclass(frozen=True)
class Outcome:
    """The result of a check."""

    entries: int
    head: Head
    broken: int | None  # the first entry that does not continue the one before it
    has_expected: bool  # the entry that was noted earlier is still there


@dataclass(frozen=True)
class AuditChecks:
    """Checks the chain of the audit log."""

    database: Database
    keys: PortalKeys

    def head(self) -> Head:
        """Return the newest entry."""
        with self.database.session() as session:
            found = audit_entries.head(session)
            return Head(found.id, bytes(found.mac)) if found else EMPTY

    def verify(self, expected: Head = EMPTY) -> Outcome:
        """Check every entry up to the first that is broken, and that the entry `expected` is among them.

        All are read from one snapshot, so entries that are appended meanwhile do not matter.
        """
        last, count, has_expected = EMPTY, 0, expected == EMPTY
        with self.database.snapshot() as connection, Session(connection) as session:
            while batch := audit_entries.following(session, last.number, _BATCH):
                for entry in batch:
                    mac = bytes(entry.mac)
                    if not self.keys.continues(last.mac, serialize(entry), mac):
                        return Outcome(count, last, entry.id, has_expected)
                    last, count = Head(entry.id, mac), count + 1
                    has_expected |= last == expected
                session.expunge_all()
        return Outcome(count, last, None, has_expected)

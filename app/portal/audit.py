"""The audit log: who did what. Services append to it in the transaction of what they do."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.domain.portal.audit_heads import FIRST_MAC
from app.domain.portal.people import Person
from app.store.portal.audit_entries import AuditEntry

# Serialises appending, so that each entry continues the one before it. Held until the transaction ends.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(0x706F7274616C)")  # "portal"


@dataclass(frozen=True)
class AuditLog:
    """Appends entries, each with a keyed hash of itself and of the entry before it."""

    keys: PortalKeys

    def record(
        self,
        session: Session,
        actor: Person | str,
        action: str,
        target: str,
        now: datetime,
        *,
        jurisdiction: str | None = None,
        **details: Any,
    ) -> None:
        """Append an entry. Call it last in a transaction: from here on, others wait.

        `actor` is a person, or a text such as `command line`; the jurisdiction is the actor's unless given. Neither
        `target` nor `details`, such as `before` and `after`, may hold a code, a token or anything about a patient.
        """
        session.flush()
        session.execute(_LOCK)
        last = session.scalar(select(AuditEntry.mac).order_by(AuditEntry.id.desc()).limit(1))
        entry = AuditEntry(
            at=now,
            actor=actor.email if isinstance(actor, Person) else actor,
            action=action,
            target=target,
            jurisdiction=jurisdiction or (actor.jurisdiction.code if isinstance(actor, Person) else None),
            details=details,
        )
        entry.mac = self.keys.chain(last or FIRST_MAC, serialize(entry))
        session.add(entry)
        session.flush()


def serialize(entry: AuditEntry) -> bytes:
    """Return what the keyed hash of an entry covers; everything but its number."""
    fields = [
        entry.at.astimezone(UTC).isoformat(),  # the database returns times in the zone of its session
        entry.actor,
        entry.action,
        entry.target,
        entry.jurisdiction,
        entry.details,
    ]
    return json.dumps(fields, sort_keys=True, ensure_ascii=True).encode()

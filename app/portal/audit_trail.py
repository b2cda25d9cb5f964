"""Reading the audit log: search, and export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from app.database.database import Database
from app.domain.portal.audit_criteria import Criteria
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.portal.audit import AuditLog
from app.store.portal import audit_entries
from app.store.portal.audit_entries import AuditEntry

PAGE_SIZE: Final = 50
_BATCH: Final = 1000


@dataclass(frozen=True)
class Entry:
    """An entry of the audit log."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    jurisdiction: str | None
    details: dict[str, Any]
    mac: bytes


@dataclass(frozen=True)
class AuditTrail:
    """Finds entries. People other than superusers find only those of their jurisdiction."""

    database: Database
    audit: AuditLog

    def search(self, viewer: Person, criteria: Criteria, before: int | None) -> tuple[Sequence[Entry], int | None]:
        """Return a page of entries, the newest first, and the entry before which the next page begins."""
        found = self._batch(_scoped(viewer, criteria), before, PAGE_SIZE + 1)
        return found[:PAGE_SIZE], found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None

    def export(self, viewer: Person, criteria: Criteria, now: datetime) -> Iterator[Entry]:
        """Record that the log is exported, and yield the entries that meet the criteria, the newest first."""
        scoped = _scoped(viewer, criteria)
        with self.database.session() as session:
            self.audit.record(session, viewer, "export-audit-log", scoped.jurisdiction or "", now)
        return self._entries(scoped)

    def _entries(self, criteria: Criteria) -> Iterator[Entry]:
        before: int | None = None
        while batch := self._batch(criteria, before, _BATCH):
            yield from batch
            before = batch[-1].id

    def _batch(self, criteria: Criteria, before: int | None, count: int) -> list[Entry]:
        with self.database.session() as session:
            return [_entry(row) for row in audit_entries.page(session, criteria, before, count)]


def _scoped(viewer: Person, criteria: Criteria) -> Criteria:
    if Right.EVERYWHERE in viewer.rights:
        return criteria
    return replace(criteria, jurisdiction=viewer.jurisdiction.code)


def _entry(row: AuditEntry) -> Entry:
    return Entry(row.id, row.at, row.actor, row.action, row.target, row.jurisdiction, row.details, bytes(row.mac))

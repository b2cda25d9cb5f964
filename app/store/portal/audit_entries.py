"""The audit log: appended to, never changed. Each entry holds a keyed hash of the entry before it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import BigKey, Digest, Model, Moment


class AuditEntry(Model):
    """Who did what, to what, and what changed. No patient's data, no code and no token is in it.

    `actor` and `target` are texts, such as an address, because the log outlives the rows that they name.
    """

    __tablename__ = "portal_audit_entries"

    id: Mapped[BigKey]
    at: Mapped[Moment] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(40), index=True)
    target: Mapped[str] = mapped_column(String(254))
    jurisdiction: Mapped[str | None] = mapped_column(String(8), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)  # values before and after
    mac: Mapped[Digest]


def count(session: Session, actor: str, actions: Collection[str], since: datetime) -> int:
    """Return how often an actor did any of some actions, since a time."""
    is_counted = (AuditEntry.actor == actor) & AuditEntry.action.in_(actions) & (AuditEntry.at > since)
    return session.scalar(select(func.count()).select_from(AuditEntry).where(is_counted)) or 0

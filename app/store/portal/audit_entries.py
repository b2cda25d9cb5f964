"""The audit log: appended to, never changed. Each entry holds a keyed hash of the entry before it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.portal.audit_criteria import Criteria
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


def page(session: Session, criteria: Criteria, before: int | None, count: int) -> Sequence[AuditEntry]:
    """Return the newest entries that meet the criteria, only those before the entry `before` if it is given."""
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(count)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    if criteria.jurisdiction:
        statement = statement.where(AuditEntry.jurisdiction == criteria.jurisdiction)
    if criteria.person:
        has_part = [
            column.icontains(criteria.person, autoescape=True) for column in (AuditEntry.actor, AuditEntry.target)
        ]
        statement = statement.where(or_(*has_part))
    if criteria.action:
        statement = statement.where(AuditEntry.action == criteria.action)
    if criteria.since:
        statement = statement.where(AuditEntry.at >= criteria.since)
    if criteria.until:
        statement = statement.where(AuditEntry.at < criteria.until)
    return session.scalars(statement).all()


def following(session: Session, after: int, count: int) -> Sequence[AuditEntry]:
    """Return entries after the entry `after`, in their order."""
    return session.scalars(select(AuditEntry).where(AuditEntry.id > after).order_by(AuditEntry.id).limit(count)).all()


def head(session: Session) -> AuditEntry | None:
    """Return the newest entry."""
    return session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))

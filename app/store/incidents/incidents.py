"""Incidents. At most one that the service opened is ongoing for each urgency: a unique index decides, in any race."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Index, String, Text, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.timeline import CLOCK_TOLERANCE
from app.store.portal.base import BigKey, Model, Moment

# Serialises what opens, extends and resolves incidents. Held until the transaction ends.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(0x696E636964656E74)")  # "incident"


class Incident(Model):
    """An incident. `urgency` is empty if a person opened it; the times are empty until they are reached."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index(
            "uq_incidents_ongoing",
            "urgency",
            unique=True,
            postgresql_where=text("urgency IS NOT NULL AND resolved IS NULL"),
        ),
    )

    id: Mapped[BigKey]
    title_en: Mapped[str] = mapped_column(Text)
    title_fr: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    impact: Mapped[str] = mapped_column(String(5))
    urgency: Mapped[str | None] = mapped_column(String(6))
    parts: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    began: Mapped[Moment] = mapped_column(index=True)
    opened_by: Mapped[str] = mapped_column(Text)
    acknowledged: Mapped[Moment | None]
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    mitigated: Mapped[Moment | None]
    resolved: Mapped[Moment | None]
    reviewed: Mapped[Moment | None]


def lock_all(session: Session) -> None:
    """Wait until no other transaction opens, extends or resolves incidents."""
    session.execute(_LOCK)


def lock(session: Session, number: int) -> Incident | None:
    """Return an incident, locked until the end of the transaction."""
    return session.get(Incident, number, with_for_update=True)


def ongoing(session: Session, urgencies: Sequence[str]) -> Sequence[Incident]:
    """Return the ongoing incidents that the service opened with one of these urgencies, locked: people change them."""
    statement = select(Incident).where(Incident.urgency.in_(urgencies), Incident.resolved.is_(None))
    return session.scalars(statement.order_by(Incident.urgency).with_for_update()).all()  # `page` before `ticket`


def find_same(session: Session, opened: Incident, since: datetime) -> int | None:
    """Return the number of the open incident with the words of this one that its person opened since then."""
    same = (Incident.title_en, Incident.title_fr, Incident.state, Incident.impact, Incident.parts, Incident.opened_by)
    is_same = [column == getattr(opened, column.key) for column in same]
    # One that is further ahead than clocks differ was opened before the clock was set back.
    period = Incident.began.between(since, opened.began + CLOCK_TOLERANCE)
    return session.scalar(select(Incident.id).where(*is_same, period).limit(1))


def newest(session: Session, count: int) -> Sequence[Incident]:
    """Return the newest incidents, the ongoing ones first."""
    order = (Incident.resolved.is_not(None), Incident.began.desc(), Incident.id.desc())
    return session.scalars(select(Incident).order_by(*order).limit(count)).all()


def since(session: Session, begin: datetime) -> Sequence[Incident]:
    """Return the incidents that are ongoing, or were at any time since `begin`; the newest first."""
    statement = select(Incident).where(Incident.resolved.is_(None) | (Incident.resolved >= begin))
    return session.scalars(statement.order_by(Incident.began.desc(), Incident.id.desc())).all()

"""Events of timelines: those of an incident, and those of the service, which belong to every incident near them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, String, Text, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.incidents.timeline import Event, EventKind
from app.domain.timeline import CLOCK_TOLERANCE
from app.store.portal.base import BigKey, Model, Moment


class StoredEvent(Model):
    """An event; without `incident_id`, it is one of the service."""

    __tablename__ = "incident_events"

    id: Mapped[BigKey]
    incident_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("incidents.id"), index=True)
    at: Mapped[Moment] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(Text, server_default="")
    text: Mapped[str] = mapped_column(Text, server_default="")
    author: Mapped[str] = mapped_column(Text, server_default="")
    is_public: Mapped[bool] = mapped_column(Boolean, server_default="false")
    text_fr: Mapped[str] = mapped_column(Text, server_default="")


def add(session: Session, event: Event, incident: int | None = None) -> None:
    """Store an event, of an incident or of the service."""
    values = {**event.__dict__, "kind": event.kind.value}
    session.add(StoredEvent(incident_id=incident, **values))


def is_repeated(session: Session, event: Event, incident: int, since: datetime) -> bool:
    """Return whether the last event of an incident from the author of a note, since then, is the same note.

    One that is further ahead than clocks differ was stored before the clock was set back.
    """
    period = StoredEvent.at.between(since, event.at + CLOCK_TOLERANCE)
    own = select(StoredEvent).where(StoredEvent.incident_id == incident, StoredEvent.author == event.author, period)
    last = session.scalar(own.order_by(StoredEvent.id.desc()).limit(1))
    return last is not None and replace(_event(last), at=event.at) == event


def near(session: Session, incident: int, begin: datetime, end: datetime) -> Sequence[Event]:
    """Return the events of an incident, and those of the service in a period, the oldest first."""
    is_near = StoredEvent.incident_id.is_(None) & (StoredEvent.at >= begin) & (StoredEvent.at <= end)
    statement = select(StoredEvent).where(or_(StoredEvent.incident_id == incident, is_near))
    rows = session.scalars(statement.order_by(StoredEvent.at, StoredEvent.id)).all()
    return [_event(row) for row in rows]


def of_incidents(session: Session, incidents: Sequence[int]) -> dict[int, list[Event]]:
    """Return the events of incidents by their number, the oldest first."""
    statement = select(StoredEvent).where(StoredEvent.incident_id.in_(incidents))
    found: dict[int, list[Event]] = {number: [] for number in incidents}
    for row in session.scalars(statement.order_by(StoredEvent.at, StoredEvent.id)):
        if row.incident_id is not None:
            found[row.incident_id].append(_event(row))
    return found


def last_number(session: Session) -> int:
    """Return the number of the last event that was stored; 0 if there is none."""
    return session.scalar(select(func.max(StoredEvent.id))) or 0


def subjects(session: Session, kind: EventKind, since: datetime) -> Sequence[str]:
    """Return the subjects of the events of a kind since then, the last one first."""
    statement = select(StoredEvent.subject).where(StoredEvent.kind == kind.value, StoredEvent.at >= since)
    return session.scalars(statement.order_by(StoredEvent.id.desc())).all()


def _event(row: StoredEvent) -> Event:
    return Event(row.at, EventKind(row.kind), row.subject, row.text, row.author, row.is_public, row.text_fr)

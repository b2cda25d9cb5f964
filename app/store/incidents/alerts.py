"""Alerts. Only one of a key fires at a time: a unique index decides, in any race."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, String, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.incidents.alerts import AlertKey, Detection, Ending, Source
from app.domain.objectives import Severity
from app.domain.timeline import CLOCK_TOLERANCE
from app.store.portal.base import BigKey, Model, Moment


class StoredAlert(Model):
    """An alert; it fires until `resolved` is set."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("uq_alerts_firing", "source", "name", "severity", unique=True, postgresql_where=text("resolved IS NULL")),
    )

    id: Mapped[BigKey]
    source: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(6))
    parts: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    fired: Mapped[Moment] = mapped_column(index=True)
    resolved: Mapped[Moment | None]
    incident_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("incidents.id"), index=True)


# An alert that has fired and ended already is not stored twice: monitors that were without the database report the
# same outage one after the other. What has ended in the future did so before the clock was set back.
_FIRE: Final = text("""
    INSERT INTO alerts (source, name, severity, parts, fired)
    SELECT :source, :name, :severity, :parts, :at
    WHERE NOT EXISTS (
        SELECT FROM alerts
        WHERE source = :source AND name = :name AND severity = :severity
          AND (resolved IS NULL OR resolved > :at AND resolved <= :latest)
    )
    ON CONFLICT DO NOTHING
    RETURNING id
""")
# What has fired in the future did so before the clock was set back.
_END: Final = text("""
    UPDATE alerts SET resolved = :at
    WHERE source = :source AND name = :name AND severity = :severity AND resolved IS NULL
      AND (fired <= :at OR fired > :latest)
    RETURNING fired, incident_id
""")
# A person, or the end of its last urgent alert, decides when an incident no longer affects users.
_OUTLIVED: Final = text("""
    SELECT alerts.id AS number, coalesce(incidents.mitigated, incidents.resolved) AS ended
    FROM alerts JOIN incidents ON incidents.id = alerts.incident_id
    WHERE source = :source AND name = :name AND severity = :severity AND alerts.resolved IS NULL
      AND incidents.resolved IS NOT NULL AND coalesce(incidents.mitigated, incidents.resolved) <= :before
""")


@dataclass(frozen=True)
class Outlived:
    """The number of an alert that fires although its incident is over, and when that ended."""

    number: int
    ended: datetime


@dataclass(frozen=True)
class Fired:
    """Since when an alert fired, and the incident to which it belongs."""

    fired: datetime
    incident: int | None


def fire(session: Session, detection: Detection, now: datetime) -> int | None:
    """Store an alert that fires and return its number, or None if it fires already."""
    values = {**_columns(detection.key), "parts": list(detection.parts), "at": detection.at}
    values["latest"] = now + CLOCK_TOLERANCE
    return session.execute(_FIRE, values).scalar()


def outlived(session: Session, detection: Detection) -> Outlived | None:
    """Return an alert that fires because of failures after the end of its incident; None if there is no such alert."""
    values = {**_columns(detection.key), "before": detection.at - detection.window}
    row = session.execute(_OUTLIVED, values).first()
    return None if row is None else Outlived(row.number, row.ended)


def end(session: Session, ending: Ending, now: datetime) -> Fired | None:
    """Store that an alert no longer fires, and return it; None if it did not fire."""
    values = {**_columns(ending.key), "at": ending.at, "latest": now + CLOCK_TOLERANCE}
    row = session.execute(_END, values).first()
    return None if row is None else Fired(row.fired, row.incident_id)


def attach(session: Session, number: int, incident: int) -> None:
    """Store to which incident an alert belongs."""
    session.execute(update(StoredAlert).where(StoredAlert.id == number).values(incident_id=incident))


def firing(session: Session) -> Sequence[StoredAlert]:
    """Return the alerts that fire, the oldest first."""
    return session.scalars(select(StoredAlert).where(StoredAlert.resolved.is_(None)).order_by(StoredAlert.id)).all()


def of_incident(session: Session, incident: int) -> Sequence[StoredAlert]:
    """Return the alerts of an incident, the oldest first."""
    statement = select(StoredAlert).where(StoredAlert.incident_id == incident)
    return session.scalars(statement.order_by(StoredAlert.fired, StoredAlert.id)).all()


def is_firing(session: Session, incident: int, severity: Severity) -> bool:
    """Return whether an alert of a severity of an incident fires."""
    return any(each.resolved is None and each.severity == severity for each in of_incident(session, incident))


def last_end(session: Session, incident: int, severity: Severity) -> datetime | None:
    """Return when the last alert of a severity of an incident ended; None while one fires, or without any."""
    found = [each for each in of_incident(session, incident) if each.severity == severity]
    ends = [each.resolved for each in found if each.resolved is not None]
    return max(ends) if ends and len(ends) == len(found) else None


def key_of(row: StoredAlert) -> AlertKey:
    """Return the key of a stored alert."""
    return AlertKey(Source(row.source), row.name, Severity(row.severity))


def _columns(key: AlertKey) -> dict[str, str]:
    return {"source": key.source.value, "name": key.name, "severity": key.severity.value}

"""What was sent of each incident on each channel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.incidents.notices import Progress
from app.store.portal.base import Model, Moment


class StoredNotice(Model):
    """The progress of notices: see `app.domain.incidents.notices.Progress`."""

    __tablename__ = "incident_notices"

    incident_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("incidents.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    sent: Mapped[int] = mapped_column(Integer, server_default="0")
    last_sent: Mapped[Moment | None]
    is_done: Mapped[bool] = mapped_column(Boolean, server_default="false")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt: Mapped[Moment | None]


# Incidents that were resolved before there was a channel are not reported on it.
_ADD_MISSING: Final = text("""
    INSERT INTO incident_notices (incident_id, channel)
    SELECT incidents.id, channel FROM incidents, unnest(CAST(:channels AS text[])) AS channel
    WHERE incidents.resolved IS NULL OR incidents.resolved > :since
    ON CONFLICT DO NOTHING
""")

_RECORD_SENT: Final = text("""
    INSERT INTO incident_notices AS stored (incident_id, channel, sent, last_sent) VALUES (:incident, :channel, 1, :at)
    ON CONFLICT (incident_id, channel) DO UPDATE SET sent = 1, last_sent = excluded.last_sent WHERE stored.sent = 0
""")
_REPEAT_FIRST: Final = text("""
    UPDATE incident_notices SET last_sent = NULL, attempts = 0, next_attempt = NULL WHERE incident_id = :incident
""")


def add_missing(session: Session, channels: Sequence[str], since: datetime) -> None:
    """Store that nothing was sent yet of incidents that are ongoing, or were resolved after `since`."""
    session.execute(_ADD_MISSING, {"channels": list(channels), "since": since})


def unfinished(session: Session, channels: Sequence[str]) -> list[tuple[int, str]]:
    """Return the incidents and channels of which something may be due."""
    statement = select(StoredNotice.incident_id, StoredNotice.channel).where(
        ~StoredNotice.is_done, StoredNotice.channel.in_(channels)
    )
    return [(row.incident_id, row.channel) for row in session.execute(statement.order_by(StoredNotice.incident_id))]


def take(session: Session, incident: int, channel: str) -> StoredNotice | None:
    """Return the progress of an incident on a channel, locked; None if another process has it."""
    return session.scalar(
        select(StoredNotice)
        .where(StoredNotice.incident_id == incident, StoredNotice.channel == channel)
        .with_for_update(skip_locked=True)
    )


def record_sent(session: Session, incident: int, channel: str, at: datetime) -> None:
    """Store that the first notice of an incident was sent before it could be stored, unless another one was."""
    session.execute(_RECORD_SENT, {"incident": incident, "channel": channel, "at": at})


def repeat_first(session: Session, incident: int) -> None:
    """Store that the next notice of an incident is due at once: it has become worse than the last one reports."""
    session.execute(_REPEAT_FIRST, {"incident": incident})


def progress_of(row: StoredNotice) -> Progress:
    """Return the progress of a row."""
    return Progress(row.sent, row.last_sent, row.is_done, row.attempts, row.next_attempt)


def set_progress(row: StoredNotice, progress: Progress) -> None:
    """Store the progress in a row."""
    for name, value in progress.__dict__.items():
        setattr(row, name, value)

"""Outbreak events: stored as reported, and served by the time of their report (rules 104 and 105)."""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from app.domain.outbreaks import OutbreakEvent

_ADD = text("""
    INSERT INTO qr_outbreak_events (location_id, originator, start_time, end_time, severity, created)
    VALUES (:location_id, :originator, :start_time, :end_time, :severity, :created)
""")
_SELECT = text("""
    SELECT location_id, start_time, end_time, severity FROM qr_outbreak_events
    WHERE created >= :first AND created < :end ORDER BY location_id, id
""")
# There are few events, so all of their columns can be read for each check. Each row has its own id: none cancel out.
_VERSION = text("""
    SELECT coalesce(bit_xor(hashtextextended(event::text, 0)), 0) FROM qr_outbreak_events AS event
    WHERE created >= :first AND created < :end
""")
_PURGE = text("""
    WITH batch AS MATERIALIZED (
        SELECT id FROM qr_outbreak_events WHERE created < :before LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    DELETE FROM qr_outbreak_events WHERE id IN (SELECT id FROM batch)
""")


def add(connection: Connection, event: OutbreakEvent, originator: str, now: datetime) -> None:
    """Store an event."""
    connection.execute(
        _ADD,
        {
            "location_id": event.location_id,
            "originator": originator,
            "start_time": datetime.fromtimestamp(event.start_seconds, UTC),
            "end_time": datetime.fromtimestamp(event.end_seconds, UTC),
            "severity": event.severity,
            "created": now,
        },
    )


def select(connection: Connection, first: datetime, end: datetime) -> list[OutbreakEvent]:
    """Return the events reported from `first` up to but not including `end`, ordered by place."""
    return [
        OutbreakEvent(row.location_id, int(row.start_time.timestamp()), int(row.end_time.timestamp()), row.severity)
        for row in connection.execute(_SELECT, {"first": first, "end": end})
    ]


def version(connection: Connection, first: datetime, end: datetime) -> int:
    """Return a digest (64 bits, signed) of the events reported from `first` up to but not including `end`."""
    return int(connection.execute(_VERSION, {"first": first, "end": end}).scalar_one())


def purge(connection: Connection, before: datetime, batch: int) -> int:
    """Delete events reported before `before`; return how many."""
    return connection.execute(_PURGE, {"before": before, "batch": batch}).rowcount

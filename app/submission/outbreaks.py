"""Take an outbreak event that an authority reports (protocol rule 104)."""

from datetime import datetime

from app.domain.outbreaks import OutbreakEvent, judge_outbreak
from app.store import outbreak_events
from app.database.database import Database


def report_outbreak(database: Database, event: OutbreakEvent, originator: str, now: datetime) -> None:
    """Store the event, or raise OutbreakRefused."""
    judge_outbreak(event)
    with database.single() as connection:
        outbreak_events.add(connection, event, originator, now)

"""Accepting outbreak events from health authorities (rule 104)."""

from datetime import datetime

from app.database.database import Database
from app.domain.outbreaks import OutbreakEvent, validate_outbreak
from app.store import outbreak_events


class Outbreaks:
    """Stores outbreak events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, event: OutbreakEvent, originator: str, now: datetime) -> None:
        """Store an event, or raise OutbreakError."""
        validate_outbreak(event)
        with self._database.autocommit() as connection:
            outbreak_events.add(connection, event, originator, now)

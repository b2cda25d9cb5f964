"""Counts of events of a day, for operators (section K)."""

from datetime import date

from app.database.database import Database
from app.store import counters
from app.store.counters import ClaimDelay, EventCount, UploadCount


class EventCounts:
    """Reads what requests and the worker have counted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events(self, day: date) -> list[EventCount]:
        """Return how often each event occurred (rule 95)."""
        with self._database.autocommit() as connection:
            return counters.events_of(connection, day)

    def uploads(self, day: date) -> list[UploadCount]:
        """Return the number of new keys of each upload (rule 70)."""
        with self._database.autocommit() as connection:
            return counters.uploads_of(connection, day)

    def durations(self, day: date) -> list[ClaimDelay]:
        """Return how many hours old the claimed codes were (rule 41)."""
        with self._database.autocommit() as connection:
            return counters.durations_of(connection, day)

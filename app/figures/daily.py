"""Computing the figures of days that have ended, from the ledgers of submission."""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from app.database.database import Database, allow_time
from app.domain.figures import closed_days, count_day, daily_figures, oldest_day
from app.store import counters
from app.store import daily_figures as store

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DailyFigures:
    """Writes a day's figures once: what is counted later for it changes nothing.

    A second publication of a day would reveal the difference, which may be a small count.
    """

    database: Database

    def compute(self, now: datetime) -> list[date]:
        """Store the figures of each day that has ended and has none; delete those that are too old.

        Returns the days that were stored, oldest first. Each is one transaction. Runs may be concurrent.
        """
        with self.database.autocommit() as connection:
            first = counters.first_day(connection)
            known = store.days(connection, oldest_day(now))
            store.purge(connection, oldest_day(now))
        missing = [day for day in closed_days(first, now) if day not in known] if first else []
        stored = [day for day in missing if self._store(day)]
        if stored:
            _logger.info("daily figures stored", extra={"days": len(stored), "last_day": stored[-1].isoformat()})
        return stored

    def _store(self, day: date) -> bool:
        with self.database.transaction() as connection:
            allow_time(connection)
            counts = count_day(
                ((each.source, each.identifier, each.count) for each in counters.events_of(connection, day)),
                ((each.source, each.hours, each.count) for each in counters.durations_of(connection, day)),
                ((each.source, each.count) for each in counters.uploads_of(connection, day)),
            )
            return store.add(connection, day, daily_figures(counts))

"""The published figures, for the status page."""

import logging
import threading
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.database.database import Database
from app.domain.errors import FiguresUnavailableError
from app.domain.figures import RETENTION_DAYS
from app.figures.series import FiguresOfDay, by_place
from app.store import daily_figures

_logger = logging.getLogger(__name__)

# Figures change once a day, and readers are many.
_FRESH: Final = timedelta(minutes=5)
# As long as they never could be read. Each attempt may take seconds, in which all other readers wait.
_RETRY: Final = timedelta(seconds=15)
Places = dict[str, list[FiguresOfDay]]


class PublishedFigures:
    """Reads the published figures at most once in five minutes, and keeps them while the database is unreachable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self.read_at: datetime | None = None  # when they were read, or last found unreadable after they were read once
        self._failed_at: datetime | None = None  # when they were last found unreadable, and never were read
        self._places: Places = {}

    def places(self, now: datetime) -> Places:
        """Return the days of each place, oldest first, as far as they are kept.

        Raises FiguresUnavailableError if they cannot be read and never were.
        """
        with self._lock:  # one reader fills it for all
            if self._failed_at is not None and abs(now - self._failed_at) < _RETRY:
                raise FiguresUnavailableError
            if self.read_at is None or abs(now - self.read_at) >= _FRESH:  # `abs`: the clock may be set back
                try:
                    self._places = self._read(now)
                except SQLAlchemyError as error:
                    if self.read_at is None:
                        self._failed_at = now
                        raise FiguresUnavailableError from error
                    _logger.warning("published figures not read", extra={"reason": type(error).__name__})
                self.read_at, self._failed_at = now, None
            return self._places

    def _read(self, now: datetime) -> Places:
        first = now.date() - timedelta(days=RETENTION_DAYS)
        with self._database.autocommit() as connection:
            return dict(by_place(daily_figures.published_between(connection, first, now.date())))

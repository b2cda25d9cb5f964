"""The probes: one result for each check. True is good, False bad; None means that it could not be found out."""

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.config import RETRIEVAL, SUBMISSION, Settings
from app.database.database import Database
from app.domain.incidents import freshness
from app.domain.incidents.checks import Check
from app.store import export_archives
from app.upkeep.last_purge import last_purge
from app.upkeep.monitoring import heartbeats
from app.upkeep.monitoring.connections import Connections
from app.upkeep.queues import waiting_since

_logger = logging.getLogger(__name__)

# The quickest of so many is judged, so that one pause of a busy host is not taken for a slow database.
_LATENCY_ATTEMPTS: Final = 3

T = TypeVar("T")
Results = dict[Check, bool | None]


@dataclass
class Probes:
    """The probes of a process. `started`: since when it has looked for the heartbeats of others."""

    settings: Settings
    role: str
    started: datetime
    _ahead: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)  # by role: see `_last_alive`
    _unpurged_since: datetime | None = None  # since when no purge has been on record

    def run(self, connections: Connections, now: datetime) -> Results:
        """Return the result of each check that this process can make."""
        database, redis = connections.database, connections.redis
        began = time.monotonic()
        in_database = _attempt(lambda: heartbeats.beat_in_database(database, self.role, now), SQLAlchemyError)
        is_prompt = _is_quick_since(began)
        in_redis = _attempt(lambda: heartbeats.beat_in_redis(redis, self.role, now), RedisError)
        beats = heartbeats.newest(in_database, in_redis)
        results: Results = {Check.DATABASE: in_database is not None, Check.REDIS: in_redis is not None}
        for check, role in ((Check.WORKER, heartbeats.WORKER), (Check.CLOCK, heartbeats.CLOCK)):
            if beats is not None:
                results[check] = freshness.is_alive(self._last_alive(role, beats.get(role), now), self.started, now)
        if in_database is not None and self.settings.serves(RETRIEVAL):
            max_age = timedelta(seconds=self.settings.retrieval.export_max_age_seconds)
            newest = _attempt(lambda: _newest_archive(database), SQLAlchemyError)
            results[Check.ARCHIVE_FRESHNESS] = freshness.is_fresh(newest, max_age, now)
        if in_redis is not None:
            results |= self._of_queues(connections, now)
        if in_database is not None:
            results[Check.DATABASE_LATENCY] = is_prompt or self._is_database_prompt(database, now)
        folder = self.settings.status.status_folder
        if folder is not None:
            results[Check.STATUS_FOLDER] = _can_write(folder)
        return results

    def _last_alive(self, role: str, beat: datetime | None, now: datetime) -> datetime | None:
        """Return when a process was last alive, by the clock of this host.

        A heartbeat from the future, of a host whose clock is ahead, counts from when it was first read.
        """
        if beat is None or beat <= now:
            return beat
        known, since = self._ahead.get(role, (None, now))
        if known != beat or since > now:
            since = now
        self._ahead[role] = beat, since
        return since

    def _is_database_prompt(self, database: Database, now: datetime) -> bool:
        """Return whether a heartbeat is stored within the limit by a connection that is open already."""
        for _ in range(_LATENCY_ATTEMPTS):
            began = time.monotonic()
            beats = _attempt(lambda: heartbeats.beat_in_database(database, self.role, now), SQLAlchemyError)
            if beats is not None and _is_quick_since(began):
                return True
        return False

    def _of_queues(self, connections: Connections, now: datetime) -> Results:
        redis = connections.redis
        results: Results = {}
        if self.settings.serves(SUBMISSION):
            interval = timedelta(seconds=self.settings.submission.worker_expiration_interval)
            purged = _attempt(lambda: last_purge(redis), RedisError)
            self._unpurged_since = min(self._unpurged_since or now, now) if purged is None else None
            results[Check.PURGE_LAG] = freshness.is_purged(purged, self._unpurged_since or now, interval, now)
        try:
            waiting = [waiting_since(surface, redis) for surface in self.settings.surfaces]
        except RedisError:
            return results
        results[Check.QUEUE_LAG] = all(freshness.is_prompt(each, now) for each in waiting)
        return results


def _is_quick_since(began: float) -> bool:
    return freshness.is_quick(timedelta(seconds=time.monotonic() - began))


def _attempt(probe: Callable[[], T], failure: type[Exception]) -> T | None:
    """Return the result of a probe, or None if its server failed, which is logged."""
    try:
        return probe()
    except failure as error:
        # The text of the error may hold what was sent.
        _logger.warning("probe failed", extra={"reason": type(error).__name__})
        return None


def _newest_archive(database: Database) -> datetime | None:
    with database.autocommit() as connection:
        return export_archives.newest(connection)


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"monitor")
    except OSError as error:
        _logger.warning("probe failed", extra={"reason": type(error).__name__})
        return False
    return True

"""The tokens of health authorities: those of KEY_CLAIM_TOKEN, and those that were made in the portal.

A process keeps the digests of the portal's tokens, so that no request reads them from the database or waits for a lock.
A new token is accepted within RETRY, and a revoked one is refused within MAX_AGE. While the database is unreachable,
the last known tokens are accepted for OUTAGE_LIMIT; after that they are refused, because they may have been revoked.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.database.database import Database
from app.store import api_tokens

_logger = logging.getLogger(__name__)

# A read begins in the background at this age, so that a busy process never waits for one.
EARLY_AGE: Final = timedelta(seconds=5)
MAX_AGE: Final = timedelta(seconds=10)
# The shortest time between two reads, whatever tokens clients send.
RETRY: Final = timedelta(seconds=2)
OUTAGE_LIMIT: Final = timedelta(seconds=60)
USE_INTERVAL: Final = timedelta(minutes=15)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Snapshot:
    """The tokens of the portal as they were at a time; label by the SHA-256 digest of the token."""

    labels: Mapping[bytes, str]
    at: datetime


def _in_background(job: Callable[[], None]) -> None:
    threading.Thread(target=job, daemon=True).start()


class BearerTokens:
    """Finds the label of a token."""

    def __init__(
        self,
        database: Database,
        configured: Mapping[bytes, str],
        run: Callable[[Callable[[], None]], None] = _in_background,
    ) -> None:
        """`configured`: the tokens of KEY_CLAIM_TOKEN. `run` starts a job that no request waits for."""
        self._database = database
        self._configured = configured
        self._run = run
        self._snapshot = _Snapshot({}, _NEVER)
        self._attempted = _NEVER
        self._attempts = 0  # that have ended
        self._reading = threading.Lock()
        self._recorded: dict[bytes, datetime] = {}  # when the last use of a token was recorded

    def label(self, digest: bytes, now: datetime) -> str | None:
        """Return the label of the token with this SHA-256 digest, or None if it is unknown or revoked."""
        label = self._configured.get(digest)
        return label if label is not None else self._made_in_portal(digest, now)

    def _made_in_portal(self, digest: bytes, now: datetime) -> str | None:
        if digest not in self._snapshot.labels or not _is_within(MAX_AGE, self._snapshot.at, now):
            self._read(now)
        elif not _is_within(EARLY_AGE, self._snapshot.at, now) and not self._reading.locked():
            self._run(lambda: self._read(now))
        snapshot = self._snapshot
        if not _is_within(OUTAGE_LIMIT, snapshot.at, now):
            return None
        label = snapshot.labels.get(digest)
        if label is not None and not _is_within(USE_INTERVAL, self._recorded.get(digest, _NEVER), now):
            self._recorded[digest] = now
            self._run(lambda: self._record_use(digest, now))
        return label

    def _read(self, now: datetime) -> None:
        """Read the tokens, unless another thread has just done so or tried to.

        Threads that waited for an attempt use its result. While the database does not respond, each would otherwise
        wait for the timeouts of all before it.
        """
        attempts = self._attempts
        with self._reading:
            if attempts != self._attempts or _is_within(RETRY, self._attempted, now):
                return
            self._attempted = now
            try:
                with self._database.autocommit() as connection:
                    self._snapshot = _Snapshot(api_tokens.active(connection), now)
            except SQLAlchemyError:
                _logger.exception("tokens could not be read")
            finally:
                self._attempts += 1

    def _record_use(self, digest: bytes, now: datetime) -> None:
        try:
            with self._database.autocommit() as connection:
                api_tokens.record_use(connection, digest, now, now - USE_INTERVAL)
        except SQLAlchemyError:
            _logger.exception("use of a token could not be recorded")


def _is_within(limit: timedelta, since: datetime, now: datetime) -> bool:
    """Return whether less than `limit` has passed; also False if the clock was set back."""
    return timedelta() <= now - since < limit

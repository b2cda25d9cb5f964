"""Limits on the requests of a client in a minute. A process counts, and reports to Redis in batches.

Most networks send one or two requests in a minute, which need not be reported. Requests of busier networks are reported
to Redis in batches of a hundredth of the limit; each thread of each process may therefore admit that many requests too
many.

The limits keep one client from exhausting the service. They do not protect against guessing codes or exceeding quotas:
the ban and the quota do, in PostgreSQL, and both hold without Redis. Each limit therefore states what happens while
Redis is unavailable. Downloads have no limit here: they need neither database nor Redis, and a CDN is in front of them.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from app.config import SHARING, SUBMISSION, Settings
from app.database.redis_connections import redis_pool
from app.domain.errors import RateLimiterUnavailableError, TooManyRequestsError
from app.domain.networks import rate_limit_client
from app.domain.timeline import SECONDS_PER_MINUTE, day_number, minute_number
from app.web.context import current_context
from app.web.security import current_network

_logger = logging.getLogger(__name__)

# Redis answers within a millisecond. If it hangs, a request waits at most twice this long (two attempts), and no
# request waits again for RETRY_SECONDS.
_REDIS_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 5.0

_BATCHES: Final = 100  # in which a limit is reported to Redis
_EXHAUSTED: Final = -1
# How many clients a process counts in a minute; some megabytes. Each request of other clients is reported to Redis.
_COUNTED_CLIENTS: Final = 20_000


@dataclass(frozen=True)
class Limit:
    """A limit: its name in Redis, the setting that holds it, and whether requests are admitted without Redis."""

    name: str
    requests: Callable[[Settings], int]
    admits_without_redis: bool


# A token is required, and the database bounds what a code costs.
NEW_KEY_CLAIM: Final = Limit("new-key-claim", lambda settings: settings.submission.rate_limit_new_key_claim, True)
# A token is required. As many requests as for codes, counted separately.
CODE_STATUS: Final = Limit("code-status", lambda settings: settings.submission.rate_limit_new_key_claim, True)
# Failed claims are counted in PostgreSQL.
CLAIM_KEY: Final = Limit("claim-key", lambda settings: settings.submission.rate_limit_claim_key, True)
# An upload requires a claimed key pair, which has a quota.
UPLOAD: Final = Limit("upload", lambda settings: settings.submission.rate_limit_upload, True)
# A decoy costs as much as a real request, and needs no code.
DECOYS: Final = Limit("decoys", lambda settings: settings.submission.rate_limit_decoys, True)
_NO_DECOYS: Final = Limit("no-decoys", DECOYS.requests, True)  # refuses nothing: see `limit_decoys`
# A token is required.
OUTBREAKS: Final = Limit("outbreaks", lambda settings: settings.submission.rate_limit_outbreaks, True)
# Nothing else limits attempts to guess the password.
EVENTS: Final = Limit("events", lambda settings: settings.retrieval.rate_limit_events, False)
# Nothing else limits attempts to fill the quota, or to guess who reads.
SHARE: Final = Limit("share", lambda settings: settings.sharing.rate_limit_sharing, False)
READ_SHARED: Final = Limit("read-shared", lambda settings: settings.sharing.rate_limit_sharing, False)
# A token is required.
NOTES: Final = Limit("notes", lambda _: 60, True)


class RateLimiter:
    """Counts requests by client and minute."""

    def __init__(self, redis_url: str) -> None:
        pool = redis_pool(redis_url, _REDIS_SECONDS, retries=1)
        storage = RedisStorage(redis_url, pool, key_prefix="rate")
        self._limiter = FixedWindowRateLimiter(storage)
        self._paused_until = 0.0
        self._lock = threading.Lock()
        self._minute = 0
        # The requests of each client in this minute that have not been reported to Redis, or _EXHAUSTED.
        self._unreported: dict[tuple[str, str], int] = {}

    def admit(self, name: str, requests: int, client: str, now: datetime, *, exactly: bool = False) -> bool | None:
        """Count a request of a client, and return whether it is within the limit; None if Redis does not answer.

        Requests are reported to Redis in batches of a hundredth of the limit; with `exactly`, one by one.
        """
        batch_size = 1 if exactly else max(1, requests // _BATCHES)
        minute = minute_number(now)
        batch = self._count((name, client), minute, batch_size)
        if batch in (0, _EXHAUSTED):
            return batch == 0
        admitted = self._report(RateLimitItemPerMinute(requests), (name, client, str(minute)), batch)
        if admitted is False:
            self._mark_exhausted((name, client), minute)
        return admitted

    def _count(self, client: tuple[str, str], minute: int, batch_size: int) -> int:
        """Return how many requests, this one included, must be reported to Redis now."""
        with self._lock:
            if minute != self._minute:
                self._minute, self._unreported = minute, {}
            if client not in self._unreported and len(self._unreported) >= _COUNTED_CLIENTS:
                return 1
            unreported = self._unreported.get(client, 0)
            if unreported == _EXHAUSTED:
                return _EXHAUSTED
            batch = unreported + 1 if unreported + 1 >= batch_size else 0
            self._unreported[client] = 0 if batch else unreported + 1
            return batch

    def _mark_exhausted(self, client: tuple[str, str], minute: int) -> None:
        with self._lock:
            if minute == self._minute and client in self._unreported:
                self._unreported[client] = _EXHAUSTED

    def _report(self, limit: RateLimitItemPerMinute, counter: tuple[str, ...], requests: int) -> bool | None:
        if time.monotonic() < self._paused_until:
            return None
        try:
            return self._limiter.hit(limit, *counter, cost=requests)
        except RedisError:
            self._paused_until = time.monotonic() + RETRY_SECONDS
            _logger.exception("rate limits unavailable: no response from Redis")
            return None


def limit_network(limit: Limit, now: datetime) -> None:
    """Count this request for the client's network; raise TooManyRequestsError or RateLimiterUnavailableError."""
    limit_client(limit, _network(now), now)


def limit_client(limit: Limit, client: str, now: datetime) -> None:
    """Count this request for a named client; raise TooManyRequestsError or RateLimiterUnavailableError."""
    admitted = _admit(limit, client, now)
    if admitted is None and not limit.admits_without_redis:
        raise RateLimiterUnavailableError
    if admitted is False:
        _logger.warning("rate limit exceeded", extra={"limit": limit.name})
        raise TooManyRequestsError(SECONDS_PER_MINUTE - int(now.timestamp()) % SECONDS_PER_MINUTE)


def limit_decoys(now: datetime, *, is_decoy: bool) -> None:
    """Count a request of a phone that sends decoys; raise TooManyRequestsError for a decoy too many.

    Other requests of such a phone are counted apart, without effect: they wait for Redis as decoys do.
    """
    if is_decoy:
        limit_network(DECOYS, now)
    else:
        _admit(_NO_DECOYS, _network(now), now)


def _admit(limit: Limit, client: str, now: datetime) -> bool | None:
    context = current_context()
    if context.rate_limiter is None:
        return True
    exactly = not limit.admits_without_redis
    return context.rate_limiter.admit(limit.name, limit.requests(context.settings), client, now, exactly=exactly)


def _network(now: datetime) -> str:
    """Return the name of the client's network; empty without limits."""
    context = current_context()
    if context.rate_limiter is None:
        return ""
    return rate_limit_client(current_network(), day_number(now), _secret(context.settings))


def _secret(settings: Settings) -> bytes:
    """Return the key of the hash that replaces a network in Redis; retrieval alone has no SECRET_KEY."""
    if settings.serves(SUBMISSION):
        return settings.submission.secret_key
    if settings.serves(SHARING):
        return settings.sharing.sharing_secret_key
    return settings.retrieval.metrics_password.encode()

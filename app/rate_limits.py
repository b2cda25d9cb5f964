"""How many requests a client may send in a minute, counted in Redis: one round trip for a request that is limited.

The limits keep one client from taking the service away from the others. They are not what stops guesses or stolen
quotas: the ban ledger and the quota are, in PostgreSQL, and both hold when Redis does not. So each limit says what
happens without Redis. Downloads have no limit here: they cost neither database nor Redis anything, and a CDN stands
before them.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, current_app
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.config import Settings
from app.domain.networks import rate_limit_client
from app.domain.timeline import SECONDS_PER_MINUTE, day_number, minute_number
from app.extensions import current_settings
from app.responses import plain_error
from app.security import current_network

if TYPE_CHECKING:
    from flask import Blueprint

_logger = logging.getLogger(__name__)

# Redis answers within a millisecond. A request waits for one that hangs at most twice this long (two attempts), and
# then none asks it again for a while.
_REDIS_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = 5.0


class TooManyRequests(Exception):  # noqa: N818 - it is an answer, not a fault
    """The client has used up its requests of this minute; `seconds` later it has new ones."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        """Return what a polite client heeds."""
        return {"Retry-After": str(self.seconds)}


class LimitUnknown(Exception):  # noqa: N818 - it is an answer, not a fault
    """Redis does not answer, and the route may not go on without it."""


@dataclass(frozen=True)
class Limit:
    """A limit: its name in Redis, the setting that holds it, and whether requests go on when Redis does not answer."""

    name: str
    requests: Callable[[Settings], int]
    goes_on_without_redis: bool


# A token is needed, and the database holds what a code costs.
NEW_KEY_CLAIM: Final = Limit("new-key-claim", lambda settings: settings.rate_limit_new_key_claim, True)
# The ledgers of wrong codes are in PostgreSQL.
CLAIM_KEY: Final = Limit("claim-key", lambda settings: settings.rate_limit_claim_key, True)
# Every upload needs a pair that a code was traded for, and a pair has its quota.
UPLOAD: Final = Limit("upload", lambda settings: settings.rate_limit_upload, True)
# A token is needed.
OUTBREAKS: Final = Limit("outbreaks", lambda settings: settings.rate_limit_outbreaks, True)
# Nothing else stops who guesses the password.
EVENTS: Final = Limit("events", lambda settings: settings.rate_limit_events, False)


class RateLimiter:
    """Counts requests in Redis, each minute anew."""

    def __init__(self, redis_url: str) -> None:
        storage = RedisStorage(
            redis_url,
            key_prefix="rate",
            socket_timeout=_REDIS_SECONDS,
            socket_connect_timeout=_REDIS_SECONDS,
            retry=Retry(NoBackoff(), 1),  # type: ignore[arg-type]
        )
        self._limiter = FixedWindowRateLimiter(storage)
        self._paused_until = 0.0

    def admit(self, name: str, requests: int, client: str, now: datetime) -> bool | None:
        """Count a request of a client; tell whether it is within its limit. None means that Redis does not answer."""
        if time.monotonic() < self._paused_until:
            return None
        item = RateLimitItemPerMinute(requests)
        try:
            return self._limiter.hit(item, name, client, str(minute_number(now)))
        except RedisError:
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            _logger.exception("rate limits are not counted, Redis does not answer")
            return None


def init_rate_limits(app: Flask, settings: Settings) -> None:
    """Give the application its limiter, if limits are on. It connects when it is first used."""
    app.extensions["rate_limiter"] = RateLimiter(settings.redis_url) if settings.rate_limits else None


def limit_network(limit: Limit, now: datetime) -> None:
    """Count this request for the client's network; raise TooManyRequests or LimitUnknown."""
    settings = current_settings()
    if current_app.extensions["rate_limiter"] is None:
        return
    secret = settings.secret_key or settings.metrics_password.encode()  # retrieval alone has no SECRET_KEY
    limit_client(limit, rate_limit_client(current_network(), day_number(now), secret), now)


def limit_client(limit: Limit, client: str, now: datetime) -> None:
    """Count this request for a client that is known by name; raise TooManyRequests or LimitUnknown."""
    limiter: RateLimiter | None = current_app.extensions["rate_limiter"]
    if limiter is None:
        return
    admitted = limiter.admit(limit.name, limit.requests(current_settings()), client, now)
    if admitted is None and not limit.goes_on_without_redis:
        raise LimitUnknown
    if admitted is False:
        _logger.warning("too many requests", extra={"limit": limit.name})
        raise TooManyRequests(SECONDS_PER_MINUTE - int(now.timestamp()) % SECONDS_PER_MINUTE)


def answer_in_plain_text(blueprint: "Blueprint") -> None:
    """Let a blueprint refuse in one line of text."""
    blueprint.register_error_handler(TooManyRequests, _too_many)
    blueprint.register_error_handler(LimitUnknown, _unknown)


def _too_many(refused: TooManyRequests) -> Response:
    return plain_error("too many requests", 429, refused.headers)


def _unknown(_: LimitUnknown) -> Response:
    return plain_error("service unavailable", 503, {"Retry-After": str(int(_PAUSE_SECONDS))})

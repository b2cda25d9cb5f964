"""How many requests a client may send in a minute. A process counts, and tells Redis some at a time, so that all know.

Most networks send a request or two in a minute, of which Redis need not hear, and of those that send many it hears now
and then. For that, each process may admit a hundredth of a limit more than it should for each of its threads.

The limits keep one client from taking the service away from the others. They are not what stops guesses or stolen
quotas: the ban ledger and the quota are, in PostgreSQL, and both hold when Redis does not. So each limit says what
happens without Redis. Downloads have no limit here: they cost neither database nor Redis anything, and a CDN stands
before them.
"""

import logging
import threading
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
from app.web.context import current_settings
from app.web.responses import plain_error
from app.web.security import current_network

if TYPE_CHECKING:
    from flask import Blueprint

_logger = logging.getLogger(__name__)

# Redis answers within a millisecond. A request waits for one that hangs at most twice this long (two attempts), and
# then none asks it again for a while.
_REDIS_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = 5.0

_PARTS: Final = 100  # in which Redis hears of a limit
_USED_UP: Final = -1
# So many clients are remembered in a minute, some megabytes. Redis hears of each request of all others.
_REMEMBERED_CLIENTS: Final = 20_000


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
    """Counts requests, each minute anew."""

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
        self._lock = threading.Lock()
        self._minute = 0
        # Of each client's requests in this minute, how many Redis has not heard of, or that they are used up.
        self._untold: dict[tuple[str, str], int] = {}

    def admit(self, name: str, requests: int, client: str, now: datetime, *, exactly: bool = False) -> bool | None:
        """Count a request of a client; tell whether it is within its limit. None means that Redis does not answer.

        Redis hears of a hundredth of the limit at a time; if `exactly`, of each request.
        """
        at_a_time = 1 if exactly else max(1, requests // _PARTS)
        minute = minute_number(now)
        to_tell = self._count((name, client), minute, at_a_time)
        if to_tell in (0, _USED_UP):
            return to_tell == 0
        admitted = self._tell(RateLimitItemPerMinute(requests), (name, client, str(minute)), to_tell)
        if admitted is False:
            self._refuse_from_now_on((name, client), minute)
        return admitted

    def _count(self, client: tuple[str, str], minute: int, at_a_time: int) -> int:
        """Return of how many requests, this one included, Redis has to hear now."""
        with self._lock:
            if minute != self._minute:
                self._minute, self._untold = minute, {}
            if client not in self._untold and len(self._untold) >= _REMEMBERED_CLIENTS:
                return 1
            untold = self._untold.get(client, 0)
            if untold == _USED_UP:
                return _USED_UP
            to_tell = untold + 1 if untold + 1 >= at_a_time else 0
            self._untold[client] = 0 if to_tell else untold + 1
            return to_tell

    def _refuse_from_now_on(self, client: tuple[str, str], minute: int) -> None:
        with self._lock:
            if minute == self._minute and client in self._untold:
                self._untold[client] = _USED_UP

    def _tell(self, limit: RateLimitItemPerMinute, counter: tuple[str, ...], requests: int) -> bool | None:
        if time.monotonic() < self._paused_until:
            return None
        try:
            return self._limiter.hit(limit, *counter, cost=requests)
        except RedisError:
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            _logger.exception("rate limits are not counted, Redis does not answer")
            return None


def init_rate_limits(app: Flask, settings: Settings) -> None:
    """Give the application its limiter, if limits are on. It connects when it is first used."""
    app.web.context["rate_limiter"] = RateLimiter(settings.redis_url) if settings.rate_limits else None


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
    exactly = not limit.goes_on_without_redis
    admitted = limiter.admit(limit.name, limit.requests(current_settings()), client, now, exactly=exactly)
    if admitted is None and exactly:
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

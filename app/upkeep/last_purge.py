"""When the last complete purge ended, for `flask status`. Kept in Redis, where losing it does no harm."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

_KEY: Final = "last-purge"
_LIFETIME_SECONDS: Final = 7 * 86_400


def record_purge(redis: Redis, now: datetime) -> None:
    """Store the time of a purge. A purge succeeds without Redis."""
    with suppress(RedisError):
        redis.set(_KEY, int(now.timestamp()), ex=_LIFETIME_SECONDS)


def last_purge(redis: Redis) -> datetime | None:
    """Return the time of the last purge in a week, or None. Raises RedisError."""
    stored = redis.get(_KEY)
    return datetime.fromtimestamp(int(stored), UTC) if stored else None

"""Heartbeats: each process writes one to PostgreSQL and to Redis, so that an outage of one hides no process."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from app.database.database import Database
from app.store.incidents import facts

WORKER: Final = "worker"
CLOCK: Final = "clock"
ROLES: Final = (WORKER, CLOCK)
_KEY: Final = "heartbeat:"
_LIFETIME_SECONDS: Final = 7 * 86_400


def beat_in_database(database: Database, role: str, now: datetime) -> Mapping[str, datetime]:
    """Store that a process of a role is alive, and return when each role was. Raises DBAPIError."""
    with database.session() as session:
        facts.beat(session, role, now)
        return facts.last_beats(session)


def beat_in_redis(redis: Redis, role: str, now: datetime) -> Mapping[str, datetime]:
    """Store that a process of a role is alive, and return when each role was. Raises RedisError."""
    redis.set(_KEY + role, int(now.timestamp()), ex=_LIFETIME_SECONDS)
    stored = redis.mget([_KEY + each for each in ROLES])
    return {each: datetime.fromtimestamp(int(value), UTC) for each, value in zip(ROLES, stored, strict=True) if value}


def newest(*found: Mapping[str, datetime] | None) -> Mapping[str, datetime] | None:
    """Return the last heartbeat of each role in any of the stores; None if no store could be read."""
    readable = [each for each in found if each is not None]
    if not readable:
        return None
    roles = {role for each in readable for role in each}
    return {role: max(each[role] for each in readable if role in each) for role in roles}

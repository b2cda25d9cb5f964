"""Heartbeats: each process writes one to PostgreSQL and to Redis, so that an outage of one hides no process.

One more leaves the service: what watches it cannot report that it has stopped itself.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from app.database.database import Database
from app.domain.errors import MailDeliveryError
from app.sending.http import get
from app.store.incidents import facts

_logger = logging.getLogger(__name__)

WORKER: Final = "worker"
CLOCK: Final = "clock"
ROLES: Final = (WORKER, CLOCK)
_KEY: Final = "heartbeat:"
_OUTSIDE_SECONDS: Final = 3.0  # a receiver that is slower delays the checks of the monitor
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


def beat_outside(url: str) -> None:
    """Request the address of a service outside. A failure is logged, without the address, which works as a password."""
    try:
        get(url, _OUTSIDE_SECONDS)
    except MailDeliveryError as error:
        _logger.warning("heartbeat not sent", extra={"reason": str(error)})

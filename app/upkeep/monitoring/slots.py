"""Which of several monitors acts in a slot of 15 seconds. All of them check; one acts on what it found."""

from contextlib import suppress
from datetime import datetime
from typing import Final

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.store.incidents import facts
from app.upkeep.monitoring.connections import Connections

SLOT_SECONDS: Final = 15
_LIFETIME_SECONDS: Final = 60


def slot_of(now: datetime) -> int:
    """Return the number of the slot of a moment."""
    return int(now.timestamp()) // SLOT_SECONDS


def take_slot(connections: Connections, name: str, slot: int, *, has_redis: bool, has_database: bool) -> bool:
    """Return whether this monitor acts in a slot.

    Redis decides, without it PostgreSQL, and without both every monitor acts. Two may then act in the same slot, as
    may one that reaches Redis and one that does not: what they store is stored once all the same. A server that has
    just failed is not asked: each wait delays the notice.
    """
    key = f"monitor-slot:{name}:{slot}"
    if has_redis:
        with suppress(RedisError):
            return bool(connections.redis.set(key, 1, nx=True, ex=_LIFETIME_SECONDS))
    if has_database:
        with suppress(SQLAlchemyError), connections.database.session() as session:
            return facts.take_slot(session, f"slot:{name}", slot)
    return True

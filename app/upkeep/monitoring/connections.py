"""Connections of the monitor: its own, with short limits, so that it neither waits long nor takes those of jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from redis import Redis
from sqlalchemy import create_engine

from app.config import Settings
from app.database.database import Database
from app.database.engine import engine_options
from app.database.redis_connections import redis_client

RESPONSE_SECONDS: Final = 2
# To publish the status, incidents are read in a second session.
_POOL_SIZE: Final = 2


@dataclass(frozen=True)
class Connections:
    """PostgreSQL and Redis for one round of the monitor."""

    database: Database
    redis: Redis


@contextmanager
def own_connections(settings: Settings) -> Iterator[Connections]:
    """Yield connections that are opened when they are first used, and closed afterwards.

    New ones for each round find out whether the servers still accept any, and none is left idle, or in a job's
    process.
    """
    limited = replace(settings, database_timeout_seconds=RESPONSE_SECONDS, database_pool_size=_POOL_SIZE)
    engine = create_engine(settings.database_url, **engine_options(limited))
    redis = redis_client(settings.redis_url, RESPONSE_SECONDS, retries=0)
    try:
        yield Connections(Database(engine, RESPONSE_SECONDS + 1), redis)
    finally:
        engine.dispose()
        redis.close()
        redis.connection_pool.disconnect()

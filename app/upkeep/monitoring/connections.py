"""Connections of the monitor: its own, with short limits, so that it neither waits long nor takes those of jobs."""

from dataclasses import replace
from typing import Final

from redis import Redis
from sqlalchemy import create_engine

from app.config import Settings
from app.database.database import Database
from app.database.engine import engine_options
from app.database.redis_connections import redis_client

RESPONSE_SECONDS: Final = 2


class Connections:
    """PostgreSQL and Redis. Connections are opened when they are first used, and closed after each round.

    New ones for each round find out whether the servers still accept any, and none is left idle, or in a job's
    process. The engine stays: another one for each round would take a thread and memory with it.
    """

    def __init__(self, settings: Settings) -> None:
        limited = replace(settings, database_timeout_seconds=RESPONSE_SECONDS, database_pool_size=1)
        self._engine = create_engine(settings.database_url, **engine_options(limited))
        self.database = Database(self._engine, RESPONSE_SECONDS + 1)
        self.redis: Redis = redis_client(settings.redis_url, RESPONSE_SECONDS, retries=0)

    def close(self) -> None:
        """Close all connections. The next use opens new ones."""
        self._engine.dispose()
        self.redis.connection_pool.disconnect()

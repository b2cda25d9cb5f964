"""The two servers that the service stands on, PostgreSQL and Redis, and how a request reaches them."""

import os
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from app.config import Settings
from app.crypto.sealing import SealingRing
from app.database.database import Database
from app.database.stale_connections import replace_hung_up
from app.store.tables import metadata
from app.database.tls_warnings import report_plain_connections

if TYPE_CHECKING:
    from app.retrieval.archive_cache import Library

db = SQLAlchemy(metadata=metadata)


def init_extensions(app: Flask, settings: Settings) -> None:
    """Give the application its database and its Redis. Neither is connected to before it is used."""
    report_plain_connections(settings, os.environ)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    db.init_app(app)
    app.web.context["settings"] = settings
    app.web.context["sealing_ring"] = SealingRing(settings.sealing_keys) if settings.sealing_keys else None
    app.web.context["redis"] = Redis.from_url(
        settings.redis_url, socket_timeout=5, socket_connect_timeout=5, health_check_interval=30
    )
    with app.app_context():
        replace_hung_up(db.engine)
        app.web.context["database"] = Database(db.engine, settings.database_timeout_seconds + 1)


def engine_options(settings: Settings) -> dict[str, Any]:
    """Bound every wait: for a free connection, for the server to answer, for a statement, and for a lock."""
    milliseconds = settings.database_timeout_seconds * 1000
    return {
        "pool_size": settings.database_pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.database_timeout_seconds,
        "pool_recycle": 300,
        "isolation_level": "AUTOCOMMIT",  # see Database: a statement that is its own transaction is one round trip
        "hide_parameters": True,  # an error must not carry keys or codes into a log
        "connect_args": {
            "connect_timeout": settings.database_timeout_seconds,
            "application_name": "exposure-alert",
            "options": " ".join(f"-c {name}={value}" for name, value in _session_settings(milliseconds).items()),
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": milliseconds * 2,
        },
    }


def _session_settings(milliseconds: int) -> dict[str, object]:
    return {
        "timezone": "UTC",
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "plan_cache_mode": "force_generic_plan",  # no statement that is prepared is worth a plan for its values
    }


def current_settings() -> Settings:
    """Return the settings of the application that is serving."""
    settings: Settings = current_app.extensions["settings"]
    return settings


def current_ring() -> SealingRing:
    """Return the sealing keys of the application that is serving."""
    ring: SealingRing = current_app.extensions["sealing_ring"]
    return ring


def current_database() -> Database:
    """Return the database of the application that is serving."""
    database: Database = current_app.extensions["database"]
    return database


def current_library() -> "Library":
    """Return the archives of the application that is serving."""
    library: Library = current_app.extensions["library"]
    return library


def current_redis() -> Redis:
    """Return the Redis of the application that is serving."""
    redis: Redis = current_app.extensions["redis"]
    return redis

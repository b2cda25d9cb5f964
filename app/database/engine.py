"""The engine: one pool of connections for each process, with a limit on every wait."""

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from app.config import CommonSettings
from app.database.database import Database
from app.database.stale_connections import discard_closed_connections
from app.store.tables import metadata

db = SQLAlchemy(metadata=metadata)


def init_database(app: Flask, settings: CommonSettings) -> Database:
    """Return the application's database. It connects when it is first used."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    db.init_app(app)
    with app.app_context():
        discard_closed_connections(db.engine)
        return Database(db.engine, settings.database_timeout_seconds + 1)


def engine_options(settings: CommonSettings) -> dict[str, Any]:
    """Return the options of create_engine that limit the wait for a connection, a response, a statement and a lock."""
    milliseconds = settings.database_timeout_seconds * 1000
    return {
        "pool_size": settings.database_pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.database_timeout_seconds,
        "pool_recycle": 300,
        "isolation_level": "AUTOCOMMIT",  # see Database: a single statement is one round trip
        "hide_parameters": True,  # keeps keys and codes out of error messages
        "connect_args": {
            "connect_timeout": settings.database_timeout_seconds,
            "application_name": "exposure-alert",
            "options": " ".join(f"-c {name}={value}" for name, value in _session_settings(milliseconds).items()),
            # A server that disappeared is noticed after 35 seconds, even during a statement that may take minutes.
            "keepalives_idle": 20,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": milliseconds * 2,
        },
    }


def _session_settings(milliseconds: int) -> dict[str, object]:
    return {
        "timezone": "UTC",
        "default_transaction_isolation": r"read\ committed",  # whatever the role's or the database's default is
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "plan_cache_mode": "force_generic_plan",  # no prepared statement benefits from a plan for its parameters
    }

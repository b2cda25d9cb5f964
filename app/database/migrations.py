"""Migrations, with Flask-Migrate.

Flask-Migrate and Alembic take as long to import as Flask, and serving processes need neither. They are imported when a
command is run, and by callers of `migrate_database`.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.config import CommonSettings
from app.database.engine import db, engine_options
from app.database.errors import describe_failure, is_outage

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_logger = logging.getLogger(__name__)

_FOLDER = "migrations"

# How long a release waits for a database that is starting, and for another release to end.
WAIT_SECONDS: Final = 60.0
_TURN_MINUTES: Final = 15
_RETRY_SECONDS: Final = 1.0
# A migration that cannot get a table's lock gives up rather than stop the service.
LOCK_TIMEOUT: Final = "5s"

_LOCK: Final = 0x6D696772617465  # "migrate"


def init_migrations(app: Flask) -> None:
    """Add `flask db` to an application that is created for a command."""
    if click.get_current_context(silent=True) is not None:
        init_migrate(app)


def migrate_database(app: Flask) -> None:
    """Upgrade the schema, as `flask db upgrade` does."""
    from flask_migrate import upgrade

    init_migrate(app)
    with app.app_context():
        upgrade()


def init_migrate(app: Flask) -> None:
    """Configure Flask-Migrate for the application."""
    from flask_migrate import Migrate

    # Imported for their tables, which `flask db` compares with the database.
    from app.store.incidents import models as incident_models  # noqa: F401
    from app.store.portal import models  # noqa: F401
    from app.store.shared_secrets import SharedSecret  # noqa: F401
    from app.store.status.models import StatusDay  # noqa: F401

    Migrate(app, db, directory=_FOLDER)


@contextmanager
def migration_connection(settings: CommonSettings) -> Iterator[Connection]:
    """Yield a connection for migrations, whose transactions have their settings and hold the lock of migrations.

    Several releases may run at once, so the lock lets them take turns; the later ones find nothing to do. Lock and
    settings are those of each transaction, because a pooler may use another session for the next one, or lend this
    session to other clients. Raises ClickException, with one line, if the database cannot be used.
    """
    engine = _migration_engine(settings)
    event.listen(engine, "begin", _prepare_transaction)
    try:
        with _connect(engine) as connection:
            yield connection
    except DBAPIError as error:
        if not is_outage(error):
            raise
        raise click.ClickException(describe_failure(error, settings)) from None
    finally:
        engine.dispose()


def is_newer(heads: tuple[str, ...], versions: "ScriptDirectory") -> bool:
    """Return whether a later version migrated the database, as before a roll-back (docs/runbooks/migrations.md)."""
    known = {version.revision for version in versions.walk_revisions()}
    if known.issuperset(heads):
        return False
    _logger.warning("schema newer than this version")
    return True


def _migration_engine(settings: CommonSettings) -> Engine:
    """Return an engine whose sessions limit no statement: a migration may leave its transaction for one.

    The limits of a session are its own from the start, so that none has to be changed and restored.
    """
    connect_args: dict[str, Any] = engine_options(settings)["connect_args"]
    options = f"-c timezone=UTC -c statement_timeout=0 -c lock_timeout={LOCK_TIMEOUT}"
    return create_engine(
        settings.database_url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=connect_args | {"options": options},
    )


def _connect(engine: Engine) -> Connection:
    """Return a connection; wait for a database that is starting. Raises DBAPIError after WAIT_SECONDS."""
    deadline, is_reported = time.monotonic() + WAIT_SECONDS, False
    while True:
        try:
            return engine.connect()
        except DBAPIError as error:
            if not is_outage(error) or time.monotonic() > deadline:
                raise
        if not is_reported:
            _logger.warning("waiting for the database", extra={"seconds": int(WAIT_SECONDS)})
            is_reported = True
        time.sleep(_RETRY_SECONDS)


def _prepare_transaction(connection: Connection) -> None:
    """Wait for the lock of migrations, and then set the limits of the transaction."""
    driver: Any = connection.connection.driver_connection
    if driver.autocommit:  # an autocommit block of a migration, which has no transaction
        return
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    if not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_LOCK})").scalar_one():
        _logger.warning("waiting for another release", extra={"minutes": _TURN_MINUTES})
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_TURN_MINUTES}min'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")

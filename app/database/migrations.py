"""Migrations, with Flask-Migrate.

Flask-Migrate and Alembic take as long to import as Flask, and serving processes need neither. They are imported when a
command is run, and by callers of `migrate_database`.
"""

import click
from flask import Flask

from app.database.engine import db

_FOLDER = "migrations"


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

    Migrate(app, db, directory=_FOLDER)

"""Bringing the database up to date, with Flask-Migrate.

Flask-Migrate and Alembic take as long to import as Flask itself, and a process that serves needs neither. So they are
loaded where a command is run, and by whoever calls `migrate_database`.
"""

import click
from flask import Flask

from app.web.context import db

_FOLDER = "migrations"


def init_migrating(app: Flask) -> None:
    """Let an application that is made for a command know where its migrations are (`flask db`)."""
    if click.get_current_context(silent=True) is not None:
        know_migrations(app)


def migrate_database(app: Flask) -> None:
    """Do what `flask db upgrade` does."""
    from flask_migrate import upgrade

    know_migrations(app)
    with app.app_context():
        upgrade()


def know_migrations(app: Flask) -> None:
    """Let an application know where its migrations are, for the functions of Flask-Migrate."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=_FOLDER)

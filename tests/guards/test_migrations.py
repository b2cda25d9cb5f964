"""Migrations are linear, can be undone, and together create the tables that the code describes."""

from collections.abc import Iterator

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Config, check, downgrade, upgrade
from sqlalchemy import create_engine, inspect, text

from app import create_app
from app.database.migrations import init_migrate
from tests.guards.source import ROOT
from tests.support.settings import make_settings


def revisions() -> list[str]:
    """Return all revisions, oldest first."""
    configuration = Config(str(ROOT / "migrations" / "alembic.ini"))
    configuration.set_main_option("script_location", str(ROOT / "migrations"))
    return [script.revision for script in ScriptDirectory.from_config(configuration).walk_revisions()][::-1]


@pytest.fixture
def empty(database_url: str) -> Iterator[Flask]:
    """An application with an empty database of its own."""
    url = database_url.replace("postgresql://", "postgresql+psycopg2://")
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("CREATE DATABASE migrations"))
    app = create_app(make_settings(database_url.rpartition("/")[0] + "/migrations", "redis://127.0.0.1:1"))
    init_migrate(app)
    with app.app_context():
        yield app
    app.context.database.dispose()
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE migrations WITH (FORCE)"))
    server.dispose()


def tables(app: Flask) -> set[str]:
    with app.context.database.autocommit() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_migrations_are_linear() -> None:
    assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]


def test_migrations_upgrade_and_downgrade(empty: Flask) -> None:
    failed = []
    for revision in revisions():
        before = tables(empty)
        upgrade(revision=revision)
        upgraded = tables(empty)
        downgrade(revision="-1")
        downgraded = tables(empty)
        upgrade(revision=revision)
        if downgraded != before or tables(empty) != upgraded:
            failed.append(revision)
    assert failed == [], "the downgrade of each of these migrations must undo its upgrade"
    downgrade(revision="base")
    assert tables(empty) == set()


def test_migrations_create_the_tables_of_the_code(empty: Flask) -> None:
    upgrade()
    check()  # exits on a difference
    assert len(tables(empty)) == len(empty.extensions["migrate"].db.metadata.tables)


def test_a_second_upgrade_changes_nothing(empty: Flask) -> None:
    upgrade()
    upgrade()
    assert tables(empty)

"""How `flask db` connects: locks, limits, poolers, and a database that is not there yet."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
import psycopg2
import pytest

from app.database import migrations
from app.database.migrations import migration_connection
from processes.postgres import EmbeddedPostgres
from tests.support.cluster import put_cluster
from tests.support.pooler import Pooler
from tests.support.settings import SECRETS, make_settings
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
NO_REDIS = "redis://127.0.0.1:1/0"
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


def upgrade(url: str) -> "subprocess.Popen[str]":
    """Start `flask db upgrade`."""
    environment = {"PATH": os.environ["PATH"]} | SECRETS | {"DATABASE_URL": url, "REDIS_URL": NO_REDIS}
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """An empty PostgreSQL of the test's own, running."""
    with EmbeddedPostgres(put_cluster(tmp_path_factory.mktemp("pg"), tmp_path_factory), durable=False) as server:
        yield server


def test_a_release_through_a_pooler_leaves_no_lock_and_no_setting(server: EmbeddedPostgres, tmp_path: Path) -> None:
    with Pooler(tmp_path / "pooler", server.url) as pooler:
        for _ in range(2):
            process = upgrade(pooler.url)
            _, log = process.communicate(timeout=120)
            assert process.returncode == 0, log
            assert ask(server.url, LOCKS) == [(0,)]
        left = ask(
            pooler.url,
            "SELECT name FROM pg_settings WHERE source = 'session' "
            "AND name IN ('statement_timeout', 'lock_timeout', 'default_transaction_isolation', 'TimeZone')",
        )
        assert left == []


def test_a_version_from_before_a_migration_is_released_again(server: EmbeddedPostgres) -> None:
    """As by a roll-back, or a restore or restart after one: versions work with the schema of the next."""
    upgrade(server.url).communicate(timeout=120)
    ask(server.url, "UPDATE alembic_version SET version_num = 'of-the-next'")
    process = upgrade(server.url)
    _, log = process.communicate(timeout=120)
    assert process.returncode == 0, log
    assert "schema newer than this version" in log
    assert ask(server.url, "SELECT version_num FROM alembic_version") == [("of-the-next",)]


def test_a_second_release_waits_for_the_first(server: EmbeddedPostgres, caplog: pytest.LogCaptureFixture) -> None:
    settings = make_settings(server.url, NO_REDIS)
    order: list[str] = []

    def second() -> None:
        with migration_connection(settings) as connection, connection.begin():
            order.append("second")

    with migration_connection(settings) as connection, connection.begin():
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: "waiting for another release" in caplog.messages, "the second release waits")
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]


def test_each_transaction_has_the_limits_of_a_migration(server: EmbeddedPostgres) -> None:
    with migration_connection(make_settings(server.url, NO_REDIS)) as connection:
        for _ in range(2):  # a migration with an autocommit block has several
            with connection.begin():
                limits = [
                    connection.exec_driver_sql(f"SHOW {name}").scalar_one()
                    for name in ("statement_timeout", "lock_timeout")
                ]
                assert limits == ["0", migrations.LOCK_TIMEOUT]
                assert ask(server.url, LOCKS) == [(1,)]
            assert ask(server.url, LOCKS) == [(0,)]


def test_a_release_waits_for_a_database_that_is_starting(server: EmbeddedPostgres) -> None:
    url = server.url
    for process in _postmasters(server):
        os.kill(process, signal.SIGSTOP)
    release = upgrade(url)
    try:
        assert release.stderr is not None
        line = release.stderr.readline()
        assert 'msg="waiting for the database"' in line
    finally:
        for process in _postmasters(server):
            os.kill(process, signal.SIGCONT)
    _, log = release.communicate(timeout=120)
    assert release.returncode == 0, log


def _postmasters(server: EmbeddedPostgres) -> list[int]:
    lines = (server.directory / "data" / "postmaster.pid").read_text().splitlines()
    return [int(lines[0])]


def test_a_release_gives_up_after_a_while_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "WAIT_SECONDS", 0.2)
    settings = make_settings("postgresql://user:secret-password@127.0.0.1:1/none", NO_REDIS)
    began = time.monotonic()
    with pytest.raises(click.ClickException) as caught, migration_connection(settings):
        pass
    assert time.monotonic() - began < 30
    assert caught.value.message == "PostgreSQL at 127.0.0.1:1 cannot be used: Connection refused"

"""bin/backup and bin/restore on real databases: what is restored, what is not, and what is refused."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from processes.postgres import EmbeddedPostgres
from tests.support.cluster import put_cluster
from tests.support.service import Service, exposure_key
from tests.support.settings import SECRETS
from tests.support.stored import store_key
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
NEWEST = max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("0*.py"))


@contextmanager
def server_connection(url: str) -> Iterator[psycopg2.extensions.cursor]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@pytest.fixture
def empty_url(database_url: str) -> Iterator[str]:
    """The URL of an empty database."""
    with server_connection(database_url) as cursor:
        cursor.execute("CREATE DATABASE restored")
    yield database_url.rpartition("/")[0] + "/restored"
    with server_connection(database_url) as cursor:
        cursor.execute("DROP DATABASE restored WITH (FORCE)")


def run(
    program: str, file: Path, url: str, *, by: tuple[str, ...] = (), **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run bin/backup or bin/restore, in the folder of the file, with only the settings in the environment.

    `by` runs the command.
    """
    command = [*by, ROOT / "bin" / program, file.name]
    environment = environment_of(url) | settings
    return subprocess.run(command, cwd=file.parent, env=environment, capture_output=True, text=True, timeout=120)


def environment_of(url: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return SECRETS | {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1", "PATH": path}


@pytest.fixture
def used(service: Service) -> Service:
    """A service with an unclaimed code, an upload, and a key that is past its retention."""
    service.clock.runs = True
    service.issue()
    phone = service.pair()
    key = exposure_key(1, rolling_start_interval_number=(service.today - 2) * 144)
    assert service.upload(phone, [key], seconds=int(datetime.now(UTC).timestamp())).status_code == 200
    today = int(datetime.now(UTC).timestamp()) // 86400
    store_key(service, 99, hour_of_submission=(today - 16) * 24)
    service.claim("WRONG")
    service.execute("INSERT INTO shared_secrets VALUES (sha256('a'), sha256('b'), 'sealed', 6, '', now(), now())")
    service.execute("INSERT INTO shared_secret_receipts VALUES (sha256('b'), now())")
    service.execute(
        "INSERT INTO export_archives (kind, period, name, size, export_digest, stored_rows, built_for_day, checked_at,"
        " fresh_until) VALUES ('day', 1, 'old', 3, '', 0, 1, now(), now())"
    )
    service.execute("INSERT INTO export_archive_parts (name, part, content) VALUES ('old', 0, 'zip')")
    return service


def test_a_restored_backup_holds_nothing_past_its_retention(used: Service, empty_url: str, tmp_path: Path) -> None:
    file, url = tmp_path / "backup", used.settings.database_url.replace("+psycopg2", "")

    backup = run("backup", file, url)
    assert backup.returncode == 0, backup.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    restore = run("restore", file, empty_url)

    assert restore.returncode == 0, restore.stdout + restore.stderr
    assert "diagnosis_keys\t1\n" in restore.stdout  # the key past its retention
    assert restore.stdout.endswith("readable\t2\nunreadable\t0\n")
    with server_connection(empty_url) as cursor:
        cursor.execute("SELECT key_data, mixed FROM diagnosis_keys")
        assert [(bytes(key), mixed) for key, mixed in cursor.fetchall()] == [((1).to_bytes(16, "big"), True)]
        cursor.execute("SELECT count(one_time_code), count(app_public_key) FROM encryption_keys")
        assert cursor.fetchone() == (1, 1)
        left_out = (
            "export_archives",
            "export_archive_parts",
            "failed_key_claim_attempts",
            "shared_secrets",
            "shared_secret_receipts",
        )
        for table in left_out:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            assert cursor.fetchone() == (0,)

    again = run("restore", file, empty_url)
    assert (again.returncode, again.stderr) == (1, "This database is not empty: nothing was restored.\n")


@only_in_torture
def test_a_backup_of_an_older_release_is_upgraded(empty_url: str, tmp_path: Path) -> None:
    older = """
        flask --app app db upgrade && flask --app app db downgrade
        . bin/postgres-environment && pg_dump --format=custom --no-owner --file="$1"
    """
    command = ["bash", "-euc", older, "bash", str(tmp_path / "backup")]
    subprocess.run(command, cwd=ROOT, env=environment_of(empty_url), check=True, timeout=120)

    def revision() -> str:
        with server_connection(empty_url) as cursor:
            cursor.execute("SELECT version_num FROM alembic_version")
            ((found,),) = cursor.fetchall()
            return str(found)

    before = revision()
    with server_connection(empty_url) as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    restore = run("restore", tmp_path / "backup", empty_url)
    assert restore.returncode == 0, restore.stderr
    assert before < revision() == NEWEST


@only_in_torture
def test_a_restore_without_the_sealing_key_is_reported(used: Service, empty_url: str, tmp_path: Path) -> None:
    file, url = tmp_path / "backup", used.settings.database_url.replace("+psycopg2", "")
    assert run("backup", file, url).returncode == 0
    restore = run("restore", file, empty_url, SEALING_KEYS="dd" * 32)
    assert restore.returncode == 1
    assert "readable\t0\nunreadable\t2\n" in restore.stdout
    assert "be opened with any of SEALING_KEYS" in restore.stderr
    assert restore.stderr.endswith("start nothing yet.\n")


@only_in_torture
def test_a_restore_without_a_setting_loads_nothing(used: Service, empty_url: str, tmp_path: Path) -> None:
    file, url = tmp_path / "backup", used.settings.database_url.replace("+psycopg2", "")
    assert run("backup", file, url).returncode == 0
    refused = run("restore", file, empty_url, SEALING_KEYS="")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: SEALING_KEYS: missing")
    assert run("restore", file, empty_url).returncode == 0


def test_a_database_that_does_not_answer_is_not_called_one_in_use(tmp_path: Path) -> None:
    (tmp_path / "backup").touch()
    restore = run("restore", tmp_path / "backup", "postgresql://nobody@127.0.0.1:1/none")
    assert restore.returncode != 0
    assert "other sessions" not in restore.stderr


def test_a_restore_into_a_database_in_use_is_refused(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "backup").touch()
    with server_connection(empty_url):
        restore = run("restore", tmp_path / "backup", empty_url)
    assert restore.returncode == 1
    assert restore.stderr.startswith("This database has other sessions")


@only_in_torture
def test_a_restore_is_not_refused_because_postgresql_cleans_up(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not read")
    with EmbeddedPostgres(put_cluster(tmp_path_factory.mktemp("pg"), tmp_path_factory), durable=False) as server:
        with server_connection(server.url) as cursor:
            slow = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1"
            cursor.execute(f"CREATE TABLE one WITH ({slow}) AS SELECT generate_series(1, 100000) AS value")
            cursor.execute("DELETE FROM one")
            for setting in ("autovacuum = on", "autovacuum_naptime = '1s'", "track_counts = on"):
                cursor.execute(f"ALTER SYSTEM SET {setting}")
            cursor.execute("SELECT pg_reload_conf()")
            cursor.execute("SELECT pg_stat_force_next_flush()")

            def is_cleaned_up() -> bool:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"
                    " AND query LIKE '%one%'"
                )
                return cursor.fetchone() != (0,)

            wait_until(is_cleaned_up, "autovacuum runs")
        refused = run("restore", tmp_path / "file", server.url)
    assert refused.stderr == "This database is not empty: nothing was restored.\n"


def test_a_failed_backup_leaves_no_file(tmp_path: Path) -> None:
    backup = run("backup", tmp_path / "backup", "postgresql://nobody@127.0.0.1:1/none")
    assert backup.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_a_backup_for_which_there_is_no_room_leaves_no_file(service: Service, tmp_path: Path) -> None:
    url, small = service.settings.database_url.replace("+psycopg2", ""), ("bash", "-c", 'ulimit -f 8; "$@"', "bash")
    backup = run("backup", tmp_path / "backup", url, by=small)
    assert backup.returncode != 0
    assert list(tmp_path.iterdir()) == []


@only_in_torture
def test_a_broken_backup_leaves_the_database_empty(used: Service, empty_url: str, tmp_path: Path) -> None:
    file, url = tmp_path / "backup", used.settings.database_url.replace("+psycopg2", "")
    assert run("backup", file, url).returncode == 0
    file.write_bytes(file.read_bytes()[:-20])  # in the last rows: the tables are created before
    assert run("restore", file, empty_url).returncode != 0
    with server_connection(empty_url) as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(("program", "files"), [("backup", []), ("backup", ["a", "b"]), ("restore", ["/missing"])])
def test_a_command_that_names_no_file_is_explained(program: str, files: list[str], tmp_path: Path) -> None:
    command, environment = [ROOT / "bin" / program, *files], {"PATH": "/usr/bin:/bin"}
    refused = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (refused.returncode, refused.stderr.startswith(f"usage: bin/{program} FILE")) == (2, True)


@pytest.mark.parametrize("program", ["backup", "restore"])
def test_missing_packages_are_not_called_a_malformed_address(program: str, tmp_path: Path) -> None:
    """As on a new host after a disaster, where the project was cloned and nothing installed yet."""
    (tmp_path / "bin").mkdir()
    for name in (program, "postgres-environment"):
        shutil.copy(ROOT / "bin" / name, tmp_path / "bin")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    (tmp_path / "file").touch()
    environment = {"PATH": "/usr/bin:/bin", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    command = [tmp_path / "bin" / program, tmp_path / "file"]
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "run bin/install requirements.txt" in refused.stderr

"""PostgreSQL from a wheel (processes/postgres.py)."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from processes.errors import ProcessError
from processes.postgres import EmbeddedPostgres
from tests.support.small_disk import small_disk
from tests.support.waiting import wait_until


def _ask(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that already holds a database, which takes most of a second to make."""
    directory = tmp_path_factory.mktemp("server") / "postgres"
    EmbeddedPostgres(directory, durable=False).prepare()
    return directory


def test_it_serves_a_database_of_the_expected_name_and_time_zone(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as server:
        assert server.url.startswith("postgresql://exposure_alert:")
        assert _ask(server.url, "SELECT current_database()") == "exposure_alert"
        assert _ask(server.url, "SHOW timezone") == "UTC"
        assert _ask(server.url, "SHOW server_encoding") == "UTF8"


def test_data_survives_a_restart(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as server:
        _ask(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with EmbeddedPostgres(directory, durable=False) as server:
        assert _ask(server.url, "SELECT answer FROM kept") == 42


def test_only_a_durable_server_waits_for_the_disk(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as server:
        assert _ask(server.url, "SHOW fsync") == "off"
    with EmbeddedPostgres(directory) as server:
        assert _ask(server.url, "SHOW fsync") == "on"


def test_a_wrong_password_is_refused(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as server:
        password = server.url.partition("exposure_alert:")[2].partition("@")[0]
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(server.url.replace(password, "wrong"))


def test_only_the_owner_can_read_the_password(directory: Path) -> None:
    assert stat.S_IMODE((directory / "password").stat().st_mode) == 0o600


def test_it_stops_with_a_client_connected_and_leaves_no_process(directory: Path, survivors) -> None:
    server = EmbeddedPostgres(directory, durable=False).start()
    idle = psycopg2.connect(server.url)
    leader = psutil.Process(int((directory / "data" / "postmaster.pid").read_text().split()[0]))
    processes = [leader, *leader.children(recursive=True)]
    server.stop()
    idle.close()
    assert len(processes) > 1
    wait_until(lambda: not survivors(processes), "every process of the server ends")


def test_a_server_left_by_a_killed_run_is_replaced(directory: Path) -> None:
    left = EmbeddedPostgres(directory, durable=False)
    left.prepare()
    orphan = subprocess.Popen(left.command(), cwd="/", stderr=subprocess.DEVNULL)
    try:
        wait_until(left.accepts, "the first server answers")
        with EmbeddedPostgres(directory, durable=False) as server:
            assert orphan.wait(60) == 0
            assert _ask(server.url, "SELECT 1") == 1
    finally:
        orphan.kill()


def test_a_pid_file_whose_number_another_program_has_does_not_prevent_the_start(directory: Path) -> None:
    owner = directory.stat()
    with subprocess.Popen(["sleep", "1000"], user=owner.st_uid, group=owner.st_gid) as other:
        pid_file = directory / "data" / "postmaster.pid"
        pid_file.write_text(f"{other.pid}\n{directory / 'data'}\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        try:
            with EmbeddedPostgres(directory, durable=False) as server:
                assert _ask(server.url, "SELECT 1") == 1
            assert other.poll() is None
        finally:
            other.kill()


def test_it_ends_when_its_parent_is_killed(directory: Path) -> None:
    source = (
        "import os, pathlib, sys; from processes.postgres import EmbeddedPostgres;"
        "EmbeddedPostgres(pathlib.Path(sys.argv[1]), durable=False).start(); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.run([sys.executable, "-c", source, str(directory)], check=False, timeout=120)
    assert parent.returncode == -signal.SIGKILL
    wait_until(lambda: not (directory / "data" / "postmaster.pid").exists(), "PostgreSQL ends with its parent")


def test_a_database_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data.new").write_text("in the way")
    with pytest.raises(ProcessError, match="cannot make its database") as caught:
        EmbeddedPostgres(tmp_path, durable=False).start()
    assert "\n" not in str(caught.value)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that is too small for a database, and that becomes full late."""
    with small_disk(tmp_path, "size=30m,mode=755") as is_mounted:
        if not is_mounted:
            pytest.skip("this user may not mount a disk")
        yield tmp_path


def test_a_database_that_finds_no_space_is_one_line_with_the_cause(full_disk: Path) -> None:
    with pytest.raises(ProcessError, match=r"database in \S+: could not .*: No space left on device$") as caught:
        EmbeddedPostgres(full_disk / "postgres").start()
    assert "\n" not in str(caught.value)


def test_the_error_of_a_server_that_does_not_start_quotes_its_log(directory: Path) -> None:
    version = directory / "data" / "PG_VERSION"
    version.write_text("9\n")
    try:
        with pytest.raises(ProcessError, match="does not start; the last line of its log: "):
            EmbeddedPostgres(directory, durable=False).start()
    finally:
        version.write_text("18\n")

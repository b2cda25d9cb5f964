"""`flask import` as a command: unreadable sources, dry runs, an end half-way, a large table."""

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli import importing
from app.importing import run
from app.importing.destination import Destination, Limits
from tests.app.importing.conftest import code_row, figures, key_row, run_import
from tests.support.breakage import without_table
from tests.support.mariadb import TABLES, PublicServer
from tests.support.service import Service
from tests.support.settings import LABEL, TOKEN

ROOT = Path(__file__).parents[3]
NOW = datetime.now(UTC)
# Held together, the rows are 15 MiB.
MANY_KEYS = 20_000
MAX_MEMORY_BYTES = 8 * 2**20


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("postgresql://host/db", "SOURCE is neither mysql://…, nor mariadb://…, nor a folder"),
        ("/nowhere", "SOURCE is neither"),
        ("secret-word" * 30, "SOURCE is neither"),
        ("mysql://user:secret-word@127.0.0.1", "SOURCE is not mysql://user:password@host:port/database"),
        ("mysql://user:secret-word@127.0.0.1/db?tls=1", "SOURCE is not mysql://user:password@host:port/database"),
        ("mysql://user:secret-word@127.0.0.1:1/db", "the public server's database cannot be read: Can't connect"),
        ("mysql://user:secret-word@127.0.0.1:nothing/db", "SOURCE is not a URL with a host and a port"),
        ("mysql://user:secret-word@127.0.0.1:99999/db", "SOURCE is not a URL with a host and a port"),
        ("mysql://user:secret-word#x@127.0.0.1:1/db", "SOURCE is not a URL with a host and a port"),
        ("mysql://user:x@secret-word/x@127.0.0.1:1/db", "SOURCE is not a URL with a host and a port"),
        ("mysql://user:x@secret-word/x?y@127.0.0.1:1/db", "SOURCE is not a URL with a host and a port"),
        ("mysql://user:x@secret-word/x#y@127.0.0.1:1/db", "SOURCE is not a URL with a host and a port"),
        ("mysql://user:secret-word\u2100@127.0.0.1:1/db", "SOURCE is not a URL with a host and a port"),
        ("mysql://user:secret-word@127.0.0.1:1/db?ssl_ca=", "SOURCE is not mysql://user:password@host:port/database"),
        ("mysql://user:secret-word@127.0.0.1:1/db?ssl_ca", "SOURCE is not mysql://user:password@host:port/database"),
        ("mysql://user:secret-word@127.0.0.1:1/db?ssl_ca=/nowhere", "the public server's database cannot be read"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_line_without_the_password(
    here: Service, source: str, message: str
) -> None:
    result = run_import(here, source)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "secret-word" not in result.output
    assert len(result.stderr.splitlines()) == 1


def test_a_wrong_password_is_one_line(public: PublicServer, here: Service) -> None:
    result = run_import(here, public.url.replace("word@", "secret-word@"))
    assert result.exit_code == 1
    assert "Access denied for user 'reader'" in result.stderr
    assert "secret-word" not in result.output


def test_the_address_can_stand_in_the_environment(
    public: PublicServer, here: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPORT_SOURCE", public.url.replace("mysql://", "mariadb://"))
    assert here.app.test_cli_runner().invoke(args=["import"]).exit_code == 0


def test_addresses_of_networks_are_not_moved(public: PublicServer, here: Service) -> None:
    public.insert("failed_key_claim_attempts", {"identifier": "198.51.100.7"})
    result = run_import(here, public)
    assert "failed_key_claim_attempts" not in figures(result)
    assert "failed_key_claim_attempts is not imported: it contains addresses" in result.stderr
    assert here.rows("SELECT * FROM failed_key_claim_attempts") == []


@pytest.fixture
def archived(here: Service, make_service: Callable[..., Service]) -> Service:
    """This service, with a built archive of yesterday."""
    serving = make_service()
    serving.clock.now = here.clock.now
    assert serving.fetch(here.today - 1).status_code == 200
    assert len(here.rows("SELECT * FROM export_archives")) == 1
    return here


def test_a_dry_run_counts_as_the_import_does_and_writes_nothing(public: PublicServer, archived: Service) -> None:
    here = archived
    public.insert("encryption_keys", code_row(), code_row())
    public.insert("diagnosis_keys", key_row())
    public.insert("tek_upload_count", {"originator": LABEL, "date": "2021-03-04", "count": 1, "first_upload": 1})
    tables = (*TABLES, "imported_key_pairs", "imported_counters", "export_archives")
    before = {table: here.rows(f"SELECT * FROM {table}") for table in tables}  # noqa: S608
    result = run_import(here, public, "--dry-run")
    assert "Dry run: nothing was written." in result.stderr
    assert {table: here.rows(f"SELECT * FROM {table}") for table in tables} == before  # noqa: S608
    assert figures(result) == figures(run_import(here, public))


def test_an_import_that_ended_half_way_goes_on_where_it_was(
    public: PublicServer, archived: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = archived
    monkeypatch.setattr(run, "BATCH_ROWS", 2)
    public.insert("diagnosis_keys", *(key_row(number) for number in range(1, 6)))
    here.execute("ALTER TABLE diagnosis_keys ADD CONSTRAINT obstacle CHECK (get_byte(key_data, 15) <> 5)")
    try:
        result = run_import(here, public)
    finally:
        here.execute("ALTER TABLE diagnosis_keys DROP CONSTRAINT obstacle")
    assert result.exit_code == 1
    assert "refused a batch: CheckViolation, SQLSTATE 23514; run the import again" in result.stderr
    assert "obstacle" not in result.output  # nor what PostgreSQL says of the row
    assert len(here.rows("SELECT * FROM diagnosis_keys")) == 4
    public.execute("DELETE FROM diagnosis_keys WHERE key_data = %s", key_row(5)["key_data"])
    result = run_import(here, public)
    assert figures(result)["diagnosis_keys"] == (4, 0, 0, 4, 0)
    assert "All archives were discarded" in result.stderr  # of which the first attempt did not come to
    assert here.rows("SELECT * FROM export_archives") == []


def test_an_import_before_the_schema_names_the_command_that_makes_it(public: PublicServer, here: Service) -> None:
    public.insert("diagnosis_keys", key_row(1))
    with without_table(here, "diagnosis_keys"):
        result = run_import(here, public)
    assert result.exit_code == 1
    assert result.stderr.endswith("lacks a table or column of this version: run flask --app app db upgrade\n")


def test_archives_stay_when_nothing_new_belongs_into_them(public: PublicServer, archived: Service) -> None:
    public.insert("encryption_keys", code_row())
    assert "Archives are stale" not in run_import(archived, public).stderr
    assert archived.rows("SELECT * FROM export_archives")


def test_two_imports_take_turns(public: PublicServer, here: Service, make_service: Callable[..., Service]) -> None:
    """Else both could add the same difference to a figure."""
    public.insert("tek_upload_count", {"originator": LABEL, "date": "2021-03-04", "count": 1, "first_upload": 1})
    other = make_service(DATABASE_TIMEOUT_SECONDS="1")
    ring = here.app.context.submission.sealing_ring
    destination = Destination(here.database, ring, Limits.at(NOW, here.settings.submission))
    with destination.transaction():
        result = run_import(other, public)
    # Which of PostgreSQL's two limits ends the wait is left to chance: they are the same.
    assert re.search("refused a batch: (LockNotAvailable|QueryCanceled)", result.stderr)
    assert figures(run_import(other, public))["tek_upload_count"] == (1, 1, 0, 0, 0)


def test_an_import_needs_the_secrets_of_submission(make_service: Callable[..., Service], tmp_path: Path) -> None:
    result = run_import(make_service(SURFACES="retrieval"), str(tmp_path))
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: SURFACES: must include submission, whose secrets an import needs\n",
    )


def test_progress_is_shown_on_a_terminal_alone(
    public: PublicServer, here: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH_ROWS", 2)
    public.insert("diagnosis_keys", *(key_row() for _ in range(5)))
    assert "\r" not in run_import(here, public).stderr
    monkeypatch.setattr(importing, "_is_terminal", lambda: True)
    assert "\rdiagnosis_keys: 2 rows read\rdiagnosis_keys: 4 rows read\r" in run_import(here, public).stderr


def test_a_package_that_is_missing_is_named_with_the_way_to_install_it(database_url: str, redis_url: str) -> None:
    program = (
        "import sys; sys.modules['pymysql'] = None\n"
        "from tests.support.settings import make_settings; from app import create_app\n"
        f"app = create_app(make_settings({database_url!r}, {redis_url!r}))\n"
        "print(app.test_cli_runner().invoke(args=['import', 'mysql://u:p@127.0.0.1/db']).stderr, end='')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    install = ".venv/bin/pip install --require-hashes -r requirements-import.txt"
    assert done.stdout == f"Error: PyMySQL is not installed: {install}\n"


def test_a_large_table_is_never_held_as_a_whole(public: PublicServer, here: Service) -> None:
    public.execute(
        "INSERT INTO diagnosis_keys SELECT UNHEX(LPAD(HEX(seq), 32, '0')), %s, 144, 4, %s, '302', %s"  # noqa: S608
        f" FROM seq_1_to_{MANY_KEYS}",
        (here.today - 3) * 144,
        (here.today - 1) * 24,
        TOKEN,
    )
    figures(run_import(here, public, "--dry-run"))  # what is loaded and kept the first time
    tracemalloc.start()
    try:
        brought = figures(run_import(here, public))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert brought["diagnosis_keys"] == (MANY_KEYS, MANY_KEYS, 0, 0, 0)
    assert peak < MAX_MEMORY_BYTES
    here.execute("TRUNCATE diagnosis_keys")

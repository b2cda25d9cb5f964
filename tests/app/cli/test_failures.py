"""Commands when a server cannot be used: one line that names it, and never its password."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app
from app.config import ALL_SURFACES
from app.crypto.key_service import KmsSigningKey
from app.domain.errors import KeyServiceError
from tests.support.command_line import flask
from tests.support.service import Service
from tests.support.settings import SECRETS, make_settings

NO_DATABASE = "postgresql://user:secret-password@127.0.0.1:1/none"
NO_REDIS = "redis://:secret-password@127.0.0.1:1/0"
COMMANDS = (
    ("counts",),
    ("purge",),
    ("keys", "reseal"),
    ("keys", "check"),
    ("codes", "issue", "--label", "ON"),
    ("archives", "export", "00000", "/dev/null"),
    ("seed",),
    ("status",),
    ("import-forget", "--yes"),
    ("portal", "audit-check"),
    ("sharing", "check"),
    ("incidents", "list"),
    ("incidents", "open", "Codes cannot be claimed"),
    ("objectives", "show"),
    ("planned-work", "list"),
)
ALL = {"SURFACES": ",".join(ALL_SURFACES)}
UNUSABLE = SECRETS | {"DATABASE_URL": NO_DATABASE, "REDIS_URL": NO_REDIS}


@pytest.mark.parametrize("words", [("--help",), ("db", "--help"), ("secrets", "make", "SECRET_KEY")], ids=" ".join)
def test_a_command_that_needs_no_server_logs_nothing(words: tuple[str, ...]) -> None:
    result = flask(*words, **UNUSABLE)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_database_that_is_down_is_one_line(words: tuple[str, ...]) -> None:
    app = create_app(make_settings(NO_DATABASE, NO_REDIS, **ALL))
    result = app.test_cli_runner().invoke(args=words)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Error: PostgreSQL at 127.0.0.1:1 cannot be used: Connection refused"
    assert "Traceback" not in result.output
    assert "secret-password" not in result.output


def test_it_is_one_line_in_a_process_of_its_own() -> None:
    result = flask("counts", **UNUSABLE)
    assert result.returncode == 1
    assert result.stderr == "Error: PostgreSQL at 127.0.0.1:1 cannot be used: Connection refused\n"


def test_a_role_that_may_only_read_checks_keys_and_changes_nothing(service: Service) -> None:
    service.pair()
    place = service.settings.database_url.rpartition("@")[2]
    with service.database.autocommit() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN PASSWORD 'reader'"))
        connection.execute(text("GRANT SELECT ON encryption_keys TO reader"))
        connection.execute(text("ALTER ROLE reader SET default_transaction_read_only = on"))
    try:
        app = create_app(make_settings(f"postgresql://reader:reader@{place}", NO_REDIS))
        checked, resealed = (app.test_cli_runner().invoke(args=("keys", step)) for step in ("check", "reseal"))
        app.context.database.dispose()
    finally:
        with service.database.autocommit() as connection:
            connection.execute(text("DROP OWNED BY reader"))
            connection.execute(text("DROP ROLE reader"))
    assert (checked.exit_code, checked.stdout) == (0, "readable\t1\nunreadable\t0\n")
    assert (resealed.exit_code, resealed.stderr.count("\n")) == (1, 1)
    assert resealed.stderr.endswith(" is a standby, or permits the role of DATABASE_URL only to read\n")


@pytest.mark.parametrize(("surface", "command"), [("portal", "audit-check"), ("sharing", "check")])
def test_a_surface_that_is_not_served_is_one_line(surface: str, command: str) -> None:
    app = create_app(make_settings(NO_DATABASE, NO_REDIS))
    result = app.test_cli_runner().invoke(args=(surface, command))
    assert (result.exit_code, result.stderr) == (1, f"Error: SURFACES of this process does not name {surface}\n")


def test_every_command_that_uses_a_server_is_tried_here() -> None:
    app = create_app(make_settings(NO_DATABASE, NO_REDIS))
    tried = {words[0] for words in COMMANDS}
    need_none = {"secrets", "configuration", "import-settings", "doctor"}  # `doctor` lists what is wrong instead
    assert set(app.cli.commands) - need_none - {"import"} == tried  # `import` reads its source first


def test_a_database_that_was_never_migrated_is_one_line(database_url: str) -> None:
    app = create_app(make_settings(database_url.rpartition("/")[0] + "/template1", NO_REDIS))
    result = app.test_cli_runner().invoke(args=("counts",))
    app.context.database.dispose()
    assert result.exit_code == 1
    assert "lacks a table or column of this version: run flask --app app db upgrade" in result.stderr


@pytest.mark.parametrize("words", [("archives", "public-key"), ("archives", "export", "00000", "/dev/null")])
def test_a_key_service_that_refuses_is_one_line(
    service: Service, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(KmsSigningKey, "public_key", _refuse)
    monkeypatch.setattr(KmsSigningKey, "sign", _refuse)
    app = create_app(
        make_settings(
            service.settings.database_url.replace("+psycopg2", ""),
            service.settings.redis_url,
            ECDSA_KEY="aws-kms://alias/archives",
        )
    )
    result = app.test_cli_runner().invoke(args=words)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "Error: alias/archives: AccessDeniedException")


def _refuse(*_: object) -> None:
    raise KeyServiceError("alias/archives: AccessDeniedException")


@pytest.mark.parametrize("place", ["missing/x.zip", "/dev/full"])
def test_a_file_that_cannot_be_written_is_one_line(service: Service, tmp_path: Path, place: str) -> None:
    file = str(tmp_path / place)
    result = service.app.test_cli_runner().invoke(args=("archives", "export", "00000", file))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith(f"Error: {file} cannot be written: No s")

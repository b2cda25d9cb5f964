"""`flask doctor`: one table of what is right and what is wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from app.config.secrets import SECRET_MAKERS, make_claim_token
from app.database.schema import head_revision
from processes.redis import EmbeddedRedis
from tests.app.cli.test_failures import UNUSABLE
from tests.support.command_line import flask
from tests.support.service import Service, start_service
from tests.support.settings import SECRETS, make_settings

STRONG = {name: make() for name, make in SECRET_MAKERS.items()} | {"KEY_CLAIM_TOKEN": make_claim_token("ON")}


def run(service: Service) -> Result:
    service.clock.now = datetime.now(UTC)
    return service.app.test_cli_runner().invoke(args=("doctor",))


def findings(result: Result) -> dict[str, tuple[str, str]]:
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    return {subject: (verdict, text) for verdict, subject, text in lines}


def wrong(result: Result) -> set[str]:
    assert result.exit_code == (1 if "WRONG" in result.stdout else 0), result.output
    return {subject for subject, (verdict, _) in findings(result).items() if verdict == "WRONG"}


def test_a_sound_service_has_nothing_wrong(make_service: Callable[..., Service]) -> None:
    result = run(make_service(**STRONG))
    assert wrong(result) == set(), result.output
    assert set(findings(result)) == {
        "settings", "PostgreSQL", "schema", "clock", "connections", "Redis", "TRUSTED_PROXIES", "secrets",
    }  # fmt: skip


def test_no_line_repeats_a_secret(make_service: Callable[..., Service]) -> None:
    service = make_service(**STRONG)
    output = run(service).output
    values = {str(value) for value in STRONG.values()} | {service.settings.database_url, service.settings.redis_url}
    assert [value for value in values if value in output] == []


def test_servers_that_are_down_are_wrong() -> None:
    settings = make_settings("postgresql://u:pass-word@127.0.0.1:1/x", "redis://:pass-word@127.0.0.1:1/0", **STRONG)
    result = run(start_service(settings))
    assert wrong(result) == {"PostgreSQL", "Redis"}
    assert "pass-word" not in result.output


def test_a_database_that_was_never_migrated_is_wrong(database_url: str, redis_url: str) -> None:
    settings = make_settings(database_url.rpartition("/")[0] + "/template1", redis_url, **STRONG)
    service = start_service(settings)
    try:
        assert findings(run(service))["schema"] == (
            "WRONG",
            "is older than this version: run flask --app app db upgrade",
        )
    finally:
        service.database.dispose()


def test_a_schema_of_a_later_version_is_right_and_named_newer(make_service: Callable[..., Service]) -> None:
    service = make_service(**STRONG)
    assert findings(run(service))["schema"] == ("right", f"is that of this version, {head_revision()}")
    service.execute("UPDATE alembic_version SET version_num = 'of-the-next'")
    try:
        assert findings(run(service))["schema"] == ("right", f"is newer than {head_revision()} of this version")
    finally:
        service.execute("UPDATE alembic_version SET version_num = :head", head=head_revision())


def test_a_full_redis_is_wrong(make_service: Callable[..., Service], tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        service = make_service(REDIS_URL=server.url, **STRONG)
        service.app.context.redis.config_set("maxmemory", 1)
        assert wrong(run(service)) == {"Redis"}


def test_a_clock_that_is_off_is_wrong(make_service: Callable[..., Service]) -> None:
    service = make_service(**STRONG)
    service.clock.now = datetime.now(UTC) + timedelta(minutes=1)
    result = service.app.test_cli_runner().invoke(args=("doctor",))
    assert wrong(result) == {"clock"}
    assert "NTP" in findings(result)["clock"][1]


def test_more_connections_than_are_allowed_are_wrong(make_service: Callable[..., Service]) -> None:
    result = run(make_service(DATABASE_POOL_SIZE="100", **STRONG))
    assert wrong(result) == {"connections"}


def test_production_without_tls_and_proxies_is_wrong() -> None:
    changes = {"ENV": "production", "DATABASE_TIMEOUT_SECONDS": "1"} | STRONG
    result = run(start_service(make_settings("postgresql://u@server.invalid/x", "redis://server.invalid", **changes)))
    assert wrong(result) == {"PostgreSQL", "Redis", "TLS to PostgreSQL", "TLS to Redis", "TRUSTED_PROXIES"}


def test_tls_to_a_server_that_may_be_another_is_right_and_named() -> None:
    urls = "postgresql://u@server.invalid/x?sslmode=require", "rediss://server.invalid?ssl_cert_reqs=required"
    changes = {"ENV": "production", "DATABASE_TIMEOUT_SECONDS": "1"} | STRONG
    found = findings(run(start_service(make_settings(*urls, **changes))))
    assert found["TLS to PostgreSQL"] == (
        "right",
        "is required, but another server could pose as this one: "
        "set sslmode=verify-full if an authority signed the certificate",
    )
    assert found["TLS to Redis"] == ("right", "is required, and the server is verified")


@pytest.mark.parametrize("surface", ["portal", "status"])
def test_a_sender_of_email_that_other_servers_refuse_is_wrong_in_production(surface: str) -> None:
    unreachable = "postgresql://u@server.invalid/x", "redis://server.invalid"
    changes = STRONG | {
        "ENV": "production",
        "DATABASE_TIMEOUT_SECONDS": "1",
        "SURFACES": surface,
        "SUBMISSION_URL": "https://submission.example.org",
        f"{surface.upper()}_URL": "https://www.example.org",
        "TEXT_MESSAGE_URL": "",
    }
    changes["MAIL_URL"] = "smtps://mail.example.org"
    found = findings(run(start_service(make_settings(*unreachable, **changes))))
    assert found["MAIL_FROM"] == (
        "WRONG",
        "exposure-alert@localhost, which other servers refuse: set an address of your domain",
    )
    changes["MAIL_FROM"] = "alert@example.org"
    found = findings(run(start_service(make_settings(*unreachable, **changes))))
    assert found["MAIL_FROM"] == ("right", "alert@example.org")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEALING_KEYS", STRONG["SEALING_KEYS"] + "," + "00" * 32),
        ("KEY_CLAIM_TOKEN", "change-me-change-me-change=ON"),
    ],
    ids=lambda value: value[:16] if value in SECRETS else "",
)
def test_a_guessable_secret_is_wrong(make_service: Callable[..., Service], name: str, value: str) -> None:
    result = run(make_service(**STRONG | {name: value}))
    assert wrong(result) == {"secrets"}
    assert name in findings(result)["secrets"][1]
    assert value not in result.output


def test_all_malformed_settings_are_listed_at_once() -> None:
    wrong = {"SECRET_KEY": "short", "PORT": "none", "RETRIEVE_HMAC_KEY": "", "TRUSTED_PROXY": "1"}
    result = flask("doctor", **UNUSABLE | wrong)
    lines = {line.split("\t")[1] for line in result.stdout.splitlines() if line.startswith("WRONG\t")}
    assert lines == {"SECRET_KEY", "PORT", "RETRIEVE_HMAC_KEY", "TRUSTED_PROXY"}
    assert result.returncode == 1
    assert result.stderr == "Error: 4 of 4 checks found something wrong\n"
    assert "short" not in result.stdout


def test_settings_that_do_not_go_together_are_listed() -> None:
    result = flask("doctor", **UNUSABLE, ENABLE_TEST_TOOLS="true")
    assert "WRONG\tTEST_TOOLS_TOKEN\trequired if ENABLE_TEST_TOOLS is true" in result.stdout


def test_unknown_settings_are_listed_with_what_is_meant(make_service: Callable[..., Service]) -> None:
    service = make_service(**STRONG)
    service.clock.now = datetime.now(UTC)
    result = service.app.test_cli_runner().invoke(args=("doctor",), env={"CLAIM_KEY_BAN_DURATION": "1"})
    assert wrong(result) == {"CLAIM_KEY_BAN_DURATION"}
    assert "CLAIM_KEY_BAN_HOURS" in findings(result)["CLAIM_KEY_BAN_DURATION"][1]

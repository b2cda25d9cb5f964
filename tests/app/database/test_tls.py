"""How connections are encrypted, and warnings of production about those without TLS (app/database/tls.py)."""

import pytest

from app.database.tls import Tls, tls_to_database, tls_to_redis, warn_about_plaintext_connections
from tests.support.settings import make_settings

ELSEWHERE = "postgresql://user:secret@db.example/service"
TLS_REDIS = "rediss://:secret@redis.example"
DATABASE = "database connections may be unencrypted"
REDIS = "Redis connections are unencrypted"


def warnings_for(
    caplog: pytest.LogCaptureFixture, database: str, redis: str, env: str = "production", mode: str = ""
) -> list[str]:
    warn_about_plaintext_connections(make_settings(database, redis, ENV=env), {"PGSSLMODE": mode})
    return caplog.messages


def test_a_production_database_without_tls_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_for(caplog, ELSEWHERE, TLS_REDIS) == [DATABASE]


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_an_sslmode_that_permits_plaintext_is_warned_about(caplog: pytest.LogCaptureFixture, mode: str) -> None:
    assert warnings_for(caplog, f"{ELSEWHERE}?sslmode={mode}", TLS_REDIS) == [DATABASE]


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_an_sslmode_that_requires_tls_is_accepted(caplog: pytest.LogCaptureFixture, mode: str) -> None:
    assert warnings_for(caplog, f"{ELSEWHERE}?connect_timeout=1&sslmode={mode}", TLS_REDIS) == []
    assert warnings_for(caplog, ELSEWHERE, TLS_REDIS, mode=mode) == []


def test_a_production_redis_without_tls_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_for(caplog, f"{ELSEWHERE}?sslmode=require", "redis://redis.example:6379/0") == [REDIS]


@pytest.mark.parametrize(
    ("database", "redis"),
    [
        ("postgresql://user@127.0.0.1:5432/service", "redis://localhost"),
        ("postgresql://user@[::1]/service", "redis://[::1]:6379"),
        ("postgresql:///service?host=/run/postgresql", "unix:///run/redis.sock"),
    ],
)
def test_local_servers_need_no_tls(caplog: pytest.LogCaptureFixture, database: str, redis: str) -> None:
    assert warnings_for(caplog, database, redis) == []


def test_of_several_hosts_each_must_be_local(caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_for(caplog, "postgresql:///service?host=127.0.0.1,db.example", TLS_REDIS) == [DATABASE]
    caplog.clear()
    assert warnings_for(caplog, "postgresql:///service?host=127.0.0.1,localhost", TLS_REDIS) == []


def test_there_are_no_warnings_outside_production(caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_for(caplog, ELSEWHERE, "redis://redis.example", env="development") == []


def test_warnings_do_not_contain_addresses(caplog: pytest.LogCaptureFixture) -> None:
    warnings_for(caplog, ELSEWHERE, "redis://:secret@redis.example")
    assert "example" not in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("mode", "tls"),
    [
        ("prefer", Tls.OPTIONAL),
        ("require", Tls.UNVERIFIED),
        ("verify-ca", Tls.UNVERIFIED),  # of any server that the authority has signed
        ("verify-full", Tls.VERIFIED),
    ],
)
def test_only_verify_full_verifies_that_postgresql_is_the_one_in_the_address(mode: str, tls: Tls) -> None:
    settings = make_settings(ELSEWHERE, TLS_REDIS)
    assert tls_to_database(settings, {"PGSSLMODE": mode}) is tls
    assert tls_to_database(make_settings(f"{ELSEWHERE}?sslmode={mode}", TLS_REDIS), {"PGSSLMODE": "disable"}) is tls


@pytest.mark.parametrize(
    ("query", "tls"),
    [
        ("", Tls.UNVERIFIED),
        ("?ssl_cert_reqs=optional", Tls.UNVERIFIED),
        ("?ssl_cert_reqs=required", Tls.VERIFIED),
        ("?ssl_cert_reqs=required&ssl_check_hostname=no", Tls.UNVERIFIED),
    ],
)
def test_redis_is_verified_if_its_address_requires_it(query: str, tls: Tls) -> None:
    assert tls_to_redis(make_settings(ELSEWHERE, TLS_REDIS + query)) is tls

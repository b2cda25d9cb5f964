"""Cookies, HSTS and TLS: no route sets them, and connection URLs keep their TLS parameters."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine
from werkzeug.routing import Rule

from app import create_app
from tests.support.service import Service, bearer
from tests.support.settings import METRICS, TEST_TOOLS_TOKEN, make_settings

VALUES = {
    "hash_id": "a" * 128,
    "region": "302",
    "day": "00000",
    "auth": "0" * 64,
    "date": "2026-03-18",
    "name": "CA",
    "language": "en",
}


@pytest.fixture
def everything(make_service: Callable[..., Service]) -> Service:
    """A service with every route that settings can add."""
    return make_service(ENABLE_TEST_TOOLS="true", TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN, REVIEW_TOOLS="true")


def path_of(service: Service, rule: Rule) -> str:
    values = {name: VALUES.get(name, "1") for name in rule.arguments}
    return str(service.app.url_map.bind("localhost").build(rule.endpoint, values, force_external=False))


def answers(service: Service) -> list[tuple[str, object]]:
    """Call every route in several ways, with and without credentials."""
    found = []
    for rule in service.app.url_map.iter_rules():
        for method in ("GET", "POST"):
            for options in ({}, {"headers": bearer()}, {"auth": METRICS}):
                answer = service.client.open(path_of(service, rule), method=method, **options)
                found.append((rule.rule, answer.headers))
    assert len(found) > 100
    return found


def test_responses_set_no_cookie(everything: Service) -> None:
    assert [rule for rule, headers in answers(everything) if "Set-Cookie" in headers] == []


def test_hsts_is_left_to_the_tls_terminator(everything: Service) -> None:
    """docs/operations.md describes where to set it. A second header here would be a duplicate."""
    assert [rule for rule, headers in answers(everything) if "Strict-Transport-Security" in headers] == []


def test_tls_parameters_of_the_database_url_reach_the_driver() -> None:
    address = "postgres://user@db.example/service?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    engine = create_engine(make_settings(address, "redis://x").database_url)
    _, options = engine.dialect.create_connect_args(engine.url)
    assert options["sslmode"] == "verify-full"
    assert options["sslrootcert"] == "/etc/ca.pem"


def test_tls_parameters_of_the_redis_url_reach_the_driver() -> None:
    settings = make_settings("postgresql://x/y", "rediss://x?ssl_cert_reqs=required&ssl_ca_certs=/etc/ca.pem")
    options = create_app(settings).context.redis.connection_pool.connection_kwargs
    assert options["ssl_cert_reqs"] == "required"
    assert options["ssl_ca_certs"] == "/etc/ca.pem"

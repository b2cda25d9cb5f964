"""Every route is private unless it is listed as public."""

from collections.abc import Callable

import pytest
from werkzeug.routing import Rule

from app.web.routing import ANY_METHOD
from app.web.security import PUBLIC_ENDPOINTS
from tests.support.service import Service
from tests.support.settings import TEST_TOOLS_TOKEN

VALUES = {"hash_id": "a" * 128, "region": "302", "day": "00000", "auth": "0" * 64, "date": "2026-03-18", "name": "CA"}


@pytest.fixture
def everything(make_service: Callable[..., Service]) -> Service:
    """A service with every route that settings can add."""
    return make_service(ENABLE_TEST_TOOLS="true", TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN, REVIEW_TOOLS="true")


def rules(service: Service) -> list[Rule]:
    return list(service.app.url_map.iter_rules())


def test_private_routes_require_credentials(everything: Service) -> None:
    answers = {}
    for rule in rules(everything):
        if rule.endpoint in PUBLIC_ENDPOINTS:
            continue
        path = everything.app.url_map.bind("localhost").build(
            rule.endpoint, {name: VALUES[name] for name in rule.arguments}
        )
        for method in ("GET", "POST"):
            answers[rule.endpoint, method] = everything.client.open(path, method=method).status_code
    assert set(answers.values()) == {401}


def test_every_public_route_exists(everything: Service) -> None:
    assert {rule.endpoint for rule in rules(everything)} >= PUBLIC_ENDPOINTS


def test_an_unguarded_route_answers_401(everything: Service) -> None:
    everything.app.add_url_rule(
        "/forgotten", view_func=lambda: "secret", methods=ANY_METHOD, provide_automatic_options=False
    )
    assert everything.client.get("/forgotten").status_code == 401


def test_every_route_accepts_every_method(everything: Service) -> None:
    assert [rule.rule for rule in rules(everything) if rule.methods is not None] == []

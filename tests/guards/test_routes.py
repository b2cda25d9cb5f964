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
    return make_service(
        ENABLE_TEST_TOOLS="true",
        TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN,
        REVIEW_TOOLS="true",
        SURFACES="submission,retrieval,status",
        METRICS_TOKEN="m" * 32,
    )


def rules(service: Service) -> list[Rule]:
    return list(service.app.url_map.iter_rules())


def test_private_routes_require_credentials(everything: Service) -> None:
    urls = everything.app.url_map.bind("localhost")
    answers = {
        (rule.endpoint, method): everything.client.open(
            urls.build(rule.endpoint, {name: VALUES[name] for name in rule.arguments}), method=method
        ).status_code
        for rule in rules(everything)
        if rule.endpoint not in PUBLIC_ENDPOINTS
        for method in ("GET", "POST")
    }
    assert answers
    assert {route: status for route, status in answers.items() if status != 401} == {}, "protect these routes"


def test_every_public_route_exists(everything: Service) -> None:
    missing = PUBLIC_ENDPOINTS - {rule.endpoint for rule in rules(everything)}
    assert missing == set(), "remove these from PUBLIC_ENDPOINTS"


def test_an_unguarded_route_answers_401(everything: Service) -> None:
    everything.app.add_url_rule(
        "/forgotten", view_func=lambda: "secret", methods=ANY_METHOD, provide_automatic_options=False
    )
    assert everything.client.get("/forgotten").status_code == 401


def test_every_route_accepts_every_method(everything: Service) -> None:
    assert [rule.rule for rule in rules(everything) if rule.methods is not None] == []

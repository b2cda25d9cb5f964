"""Section C: `/services`, for load balancers, monitoring and people."""

from collections.abc import Callable

import pytest

from tests.support.answers import Answer, json_text, plain, seen
from tests.support.service import Service

_ANY_METHOD = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "BREW"]


@pytest.mark.rule(10)
def test_ping_returns_ok_for_any_method(service: Service) -> None:
    for method in _ANY_METHOD:
        answer = seen(service.client.open("/services/ping", method=method))

        assert answer == plain(200, "OK\n", {"Cache-Control": "no-store"})


@pytest.mark.rule(10)
def test_ping_does_not_use_the_database(cut_off_service: Service) -> None:
    assert seen(cut_off_service.client.get("/services/ping")) == plain(200, "OK\n", {"Cache-Control": "no-store"})


@pytest.mark.rule(11)
def test_present_returns_no_body(service: Service) -> None:
    for method in _ANY_METHOD:
        answer = seen(service.client.open("/services/present", method=method))

        assert answer == Answer(204, {"Cache-Control": "no-store"}, b"")


@pytest.mark.rule(12)
def test_version_returns_the_build(make_service: Callable[..., Service]) -> None:
    service = make_service(BRANCH="main", REVISION="1f2e3d4")
    for method in _ANY_METHOD:
        answer = seen(service.client.open("/services/version.json", method=method))

        assert answer == json_text('{"branch":"main","revision":"1f2e3d4"}')


@pytest.mark.rule(12)
def test_version_is_empty_for_an_unknown_build(service: Service) -> None:
    assert seen(service.client.get("/services/version.json")) == json_text('{"branch":"","revision":""}')


@pytest.mark.rule(13)
@pytest.mark.parametrize(("bundle", "current"), [("true", "true"), ("true", "false"), ("false", "true")])
def test_feature_flags_list_what_is_enabled(make_service: Callable[..., Service], bundle: str, current: str) -> None:
    service = make_service(ENABLE_ENTIRE_PERIOD_BUNDLE=bundle, DISABLE_CURRENT_DATE_CHECK=current)

    assert seen(service.client.get("/services/featureFlags.json")) == json_text(
        f'{{"enableEntirePeriodBundle":{bundle},"disableCurrentDateCheckFeatureFlag":{current}}}'
    )


@pytest.mark.rule("D22")
def test_ready_names_the_unavailable_server(service: Service, cut_off_service: Service) -> None:
    up, down = service.client.get("/services/ready"), cut_off_service.client.get("/services/ready")

    assert (up.status_code, up.json) == (200, {"postgresql": "up", "redis": "up", "migrations": "current"})
    assert (down.status_code, down.json) == (503, {"postgresql": "down", "redis": "down", "migrations": "unknown"})
    assert up.headers["Cache-Control"] == down.headers["Cache-Control"] == "no-store"

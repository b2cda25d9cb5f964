"""The OpenAPI document describes every route of the application, and no other (app/health/openapi.json)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.proto import covidshield_pb2 as wire
from app.web.security import PUBLIC_ENDPOINTS
from tests.guards.source import ROOT
from tests.support.service import Service
from tests.support.settings import TEST_TOOLS_TOKEN, make_settings

DOCUMENT = json.loads((ROOT / "app" / "health" / "openapi.json").read_text(encoding="utf-8"))
METHODS = {"get", "post", "options"}


@pytest.fixture(scope="module")
def app() -> Flask:
    """The application with every route that settings can add. It connects to nothing."""
    return create_app(
        make_settings(
            "postgresql://nobody@127.0.0.1/none",
            "redis://127.0.0.1:1/0",
            ENABLE_TEST_TOOLS="true",
            TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN,
            REVIEW_TOOLS="true",
        )
    )


def path_of(rule: str) -> str:
    """Return a rule as OpenAPI writes it: `<digits(5):day>` is `{day}`."""
    return re.sub(r"<(?:[^<>]+:)?([a-z_]+)>", r"{\1}", rule)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def test_openapi_describes_exactly_the_routes(app: Flask) -> None:
    routes = {path_of(rule.rule) for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")}
    assert routes == set(DOCUMENT["paths"])


def test_only_private_routes_have_a_security_scheme(app: Flask) -> None:
    endpoints = {path_of(rule.rule): rule.endpoint for rule in app.url_map.iter_rules()}
    for path, method, operation in operations():
        # a download's proof is in its path, and a browser asks first without any
        is_open = endpoints[path] in PUBLIC_ENDPOINTS or "{auth}" in path or method == "options"
        assert ("security" in operation) is not is_open, path
        assert is_open or "401" in operation["responses"], path


def test_path_parameters_are_described() -> None:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            described = [resolved(each) for each in item.get("parameters", []) + item[method].get("parameters", [])]
            assert {each["name"] for each in described if each["in"] == "path"} == set(re.findall(r"{(\w+)}", path))


def resolved(described: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    if "$ref" not in described:
        return described
    target: Any = DOCUMENT
    for part in described["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return target


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_messages_have_the_fields_of_the_schema() -> None:
    messages = {name: each for name, each in DOCUMENT["components"]["schemas"].items() if "contentMediaType" in each}
    assert messages
    for name, described in messages.items():
        fields = {(field.number, field.name) for field in getattr(wire, name).DESCRIPTOR.fields}
        named = {(int(number), field) for number, field in re.findall(r"(\d+) (\w+) ", described["description"] + " ")}
        assert named == fields, name


def test_openapi_is_served(service: Service) -> None:
    response = service.client.get("/openapi.json")
    assert (response.status_code, response.content_type) == (200, "application/json; charset=utf-8")
    assert response.json == DOCUMENT

"""app/health/openapi.json describes exactly the routes of the application."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask

from app.proto import covidshield_pb2 as wire
from app.status.document import json_schema
from app.web.security import PUBLIC_ENDPOINTS
from tests.guards.source import ROOT
from tests.support.service import Service

DOCUMENT = json.loads((ROOT / "app" / "health" / "openapi.json").read_text(encoding="utf-8"))
METHODS = {"get", "post", "options"}


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

    def is_open(path: str, method: str) -> bool:
        # The path of a download contains its code, and preflight requests carry no credentials.
        return endpoints[path] in PUBLIC_ENDPOINTS or "{auth}" in path or method == "options"

    wrong = [
        f"{method} {path}"
        for path, method, operation in operations()
        if ("security" in operation) is is_open(path, method)
        or not (is_open(path, method) or "401" in operation["responses"])
    ]
    assert wrong == [], "private operations have `security` and a 401, and public ones have no `security`"


def test_path_parameters_are_described() -> None:
    def described(path: str, operation: dict[str, Any]) -> set[str]:
        parameters = DOCUMENT["paths"][path].get("parameters", []) + operation.get("parameters", [])
        return {each["name"] for each in map(resolved, parameters) if each["in"] == "path"}

    wrong = [
        f"{method} {path}"
        for path, method, operation in operations()
        if described(path, operation) != set(re.findall(r"{(\w+)}", path))
    ]
    assert wrong == [], "describe each parameter of the path, and no other"


def resolved(described: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    if "$ref" not in described:
        return described
    target: Any = DOCUMENT
    for part in described["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return target


def test_operation_ids_are_unique() -> None:
    names = Counter(operation["operationId"] for _, _, operation in operations())
    assert [name for name, times in names.items() if times > 1] == []


def test_the_status_document_has_the_schema_of_its_types() -> None:
    assert DOCUMENT["components"]["schemas"]["StatusDocument"] == json_schema()


def test_messages_have_the_fields_of_the_schema() -> None:
    messages = {name: each for name, each in DOCUMENT["components"]["schemas"].items() if "contentMediaType" in each}
    assert messages
    described = {name: fields_in(each["description"]) for name, each in messages.items()}
    assert described == {
        name: {(field.number, field.name) for field in getattr(wire, name).DESCRIPTOR.fields} for name in messages
    }


def fields_in(description: str) -> set[tuple[int, str]]:
    return {(int(number), field) for number, field in re.findall(r"(\d+) (\w+) ", f"{description} ")}


def test_what_the_web_server_itself_answers_is_documented() -> None:
    source = (ROOT / "app" / "web" / "asgi.py").read_text(encoding="utf-8")
    answered = {str(HTTPStatus[name].value) for name in re.findall(r"HTTPStatus\.([A-Z_]+)", source)}
    texts = [DOCUMENT["info"]["description"]]
    for guide in ("integrators.md", "integrators.fr.md"):
        text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
        (paragraph,) = re.findall(r"^- \*\*(?:Try again|Réessayez)(.*?)^-", text, re.DOTALL | re.MULTILINE)
        texts.append(paragraph)
    assert "408" in answered
    assert [answered - set(re.findall(r"\b[45]\d\d\b", text)) for text in texts] == [set()] * len(texts)


def test_openapi_is_served(service: Service) -> None:
    response = service.client.get("/openapi.json")
    assert (response.status_code, response.content_type) == (200, "application/json; charset=utf-8")
    assert response.json == DOCUMENT

"""The service's endpoints, from its OpenAPI document, for the front page."""

import functools
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

_METHODS: Final = ("get", "post")  # OPTIONS is sent by browsers only


@dataclass(frozen=True)
class Endpoint:
    """One operation. `is_open`: a browser can open its path."""

    method: str
    path: str
    summary: str
    is_open: bool


@dataclass(frozen=True)
class EndpointGroup:
    """The operations for one kind of client, such as `phones`."""

    audience: str
    endpoints: tuple[Endpoint, ...]


@functools.cache
def endpoint_groups(served_paths: frozenset[str]) -> tuple[EndpointGroup, ...]:
    """Return the operations of the paths that this process serves, by kind of client, in the document's order."""
    document = json.loads((files("app.health") / "openapi.json").read_text(encoding="utf-8"))
    groups: dict[str, list[Endpoint]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item and path in served_paths:
                groups[item[method]["tags"][0]].append(_endpoint(path, method, item[method]))
    return tuple(EndpointGroup(audience, tuple(found)) for audience, found in groups.items() if found)


def _endpoint(path: str, method: str, operation: dict[str, Any]) -> Endpoint:
    is_open = method == "get" and "{" not in path and "security" not in operation
    return Endpoint(method.upper(), path, operation["summary"].replace("`", ""), is_open)

"""Generate the routes that the firewalls admit: `python -m infra.routes` writes infra/aws/service/routes.json.

Paths and methods come from the OpenAPI document for what the protocol has, and from the application for the pages of
the portal, of sharing and of status, which the document leaves out. Limits of bodies are those of the code.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from flask import Flask

from app import create_app
from app.config import PORTAL, RETRIEVAL, SHARING, STATUS, SUBMISSION, Settings
from app.config.secrets import SECRET_MAKERS, make_claim_token
from app.config.settings import describe_settings
from app.domain import limits
from app.domain.sharing import MAX_FIELDS_BYTES, max_body_bytes
from app.portal.views.blueprint import PAGES

ROOT: Final = Path(__file__).parents[1]
ROUTES_FILE: Final = ROOT / "infra" / "aws" / "service" / "routes.json"
_OPENAPI: Final = json.loads((ROOT / "app" / "health" / "openapi.json").read_text(encoding="utf-8"))
_DEFAULTS: Final = {each.name: each.default for each in describe_settings()}
_MAX_PATTERN: Final = 512  # characters of a regular expression of the firewall

# Only the load balancer, the check of a deployment and Prometheus ask for these (docs/operations.md).
_BLOCKED: Final = frozenset({"/services/ready", "/metrics"})
_INFORMATION: Final = frozenset({"/openapi.json", "/.well-known/security.txt"})

# Bytes of a body. A request without a body may still have an empty JSON object.
_BODIES: Final = {
    "/claim-key": limits.MAX_CLAIM_BODY_BYTES,
    "/upload": int(_DEFAULTS["MAX_UPLOAD_BODY_BYTES"] or 0),
    "/qr/new-event": limits.MAX_OUTBREAK_BODY_BYTES,
    "/code-status": limits.MAX_CODE_STATUS_BODY_BYTES,
    "/share/secrets": max_body_bytes(),
    "/share/answers": max_body_bytes(),
}
_NO_BODY: Final = 1024
_NOTES: Final = "/status/notes"
_FORM: Final = 65_536

# Requests of one address in five minutes. Phones of a mobile network may share an address, and so may a hospital.
_RATES: Final = {
    "/claim-key": 100,
    "/upload": 300,
    "/qr/new-event": 100,
    RETRIEVAL: 10_000,
    PORTAL: 3000,
    SHARING: 600,
    STATUS: 3000,
}
_RATE_OF_AUTHORITIES: Final = 3000
_RATE_OF_INFORMATION: Final = 600
_RATE_OF_FIGURES: Final = 300

# What the document describes in words alone, or more widely than one service needs.
_PARAMETERS: Final = {
    "auth": "[0-9a-f]{64}",
    "name": "[A-Za-z0-9_-]{1,64}",
    "region": str(_DEFAULTS["REGION_CODE"]),
}


@dataclass(frozen=True)
class Route:
    """A rule of a firewall: a regular expression of paths, methods, bytes of a body, and requests in five minutes."""

    name: str
    path: str
    methods: tuple[str, ...]
    body: int | None
    requests: int | None


def generate() -> dict[str, list[dict[str, Any]]]:
    """Return the routes of each surface; `codes` is what the portal requests of submission."""
    submission = _described(SUBMISSION)
    routes = {
        SUBMISSION: submission,
        RETRIEVAL: _described(RETRIEVAL),
        PORTAL: [*_information(PORTAL), *_portal_pages()],
        SHARING: [*_information(SHARING), *_sharing_pages()],
        STATUS: [*_information(STATUS), *_status_pages()],
        "codes": [each for each in submission if each.name in _names_for_authorities() | {"services"}],
    }
    return {surface: [asdict(each) for each in found] for surface, found in routes.items()}


def application(surface: str) -> Flask:
    """Return the application as it serves one surface in production. It connects to nothing."""
    environment = {name: make() for name, make in SECRET_MAKERS.items()} | {
        "KEY_CLAIM_TOKEN": make_claim_token("label"),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ENV": "production",
        "SURFACES": surface,
        "PORTAL_URL": "https://portal.example.org",
        "SUBMISSION_URL": "https://codes.example.org",
        "MAIL_URL": "smtps://mail.example.org",
        "STATUS_URL": "https://status.example.org",
    }
    return create_app(Settings.from_environment(environment))


def _described(surface: str) -> list[Route]:
    """Return the routes of a surface that the OpenAPI document describes."""
    return [*_information(surface), *(_operation(path, surface) for path in _own_paths(surface))]


def _own_paths(surface: str) -> list[str]:
    return [path for path in _paths(surface) if not _is_information(path)]


def _paths(surface: str) -> list[str]:
    served = {_template(rule.rule) for rule in application(surface).url_map.iter_rules()}
    return [path for path in _OPENAPI["paths"] if path in served and path not in _BLOCKED]


def _template(rule: str) -> str:
    """Return a rule as OpenAPI writes it: `<digits(5):day>` is `{day}`."""
    return re.sub(r"<(?:[^<>]+:)?([a-z_]+)>", r"{\1}", rule)


def _is_information(path: str) -> bool:
    return path.startswith("/services/") or path in _INFORMATION


def _information(surface: str) -> list[Route]:
    paths = [re.escape(path) for path in _paths(surface) if _is_information(path)]
    return [Route("services", _any_of(paths), ("GET",), None, _RATE_OF_INFORMATION)]


def _operation(path: str, surface: str) -> Route:
    item = _OPENAPI["paths"][path]
    methods = tuple(method.upper() for method in item if method != "parameters")
    named = re.sub(r"{(\w+)}", lambda match: f"({_parameter(path, match[1])})", re.sub(r"\.", r"\\.", path))
    body = _BODIES.get(path, _NO_BODY) if "POST" in methods else None
    return Route(_name(path), f"^{named}$", methods, body, _rate(path, surface))


def _name(path: str) -> str:
    return re.sub(r"[^a-z]+", "-", path.lower()).strip("-")


def _rate(path: str, surface: str) -> int:
    if path.startswith("/events/"):
        return _RATE_OF_FIGURES
    return _RATES.get(path) or _RATES.get(surface) or _RATE_OF_AUTHORITIES


def _parameter(path: str, name: str) -> str:
    if name in _PARAMETERS:
        return _PARAMETERS[name]
    item = _OPENAPI["paths"][path]
    found = [*item.get("parameters", []), *item.get("get", {}).get("parameters", [])]
    for each in found:
        reference = each.get("$ref", "").rpartition("/")[2]
        parameter = _OPENAPI["components"]["parameters"][reference] if reference else each
        if parameter["name"] == name:
            return str(parameter["schema"]["pattern"]).removeprefix("^").removesuffix("$")
    raise LookupError(f"{path} does not describe {name}")


def _names_for_authorities() -> set[str]:
    return {
        _name(path)
        for path, item in _OPENAPI["paths"].items()
        if {"authority": []} in item.get("post", {}).get("security", [])
    }


def _portal_pages() -> list[Route]:
    """Return the pages of the portal, those with the same methods together."""
    by_methods: dict[tuple[str, ...], list[str]] = {}
    for rule in application(PORTAL).url_map.iter_rules():
        if rule.endpoint in PAGES and "<path:" not in rule.rule:
            path = rule.rule.removeprefix("/<any(en, fr):language>")
            by_methods.setdefault(PAGES[rule.endpoint].methods, []).append(_pattern(path))
    routes = [
        Route("home", "^/portal$", ("GET", "HEAD"), None, _RATES[PORTAL]),
        Route("static", "^/static/[A-Za-z0-9._/-]{1,200}$", ("GET", "HEAD"), None, _RATES[PORTAL]),
    ]
    for methods, paths in sorted(by_methods.items()):
        body = _FORM if "POST" in methods else None
        for number, pattern in enumerate(_grouped("^/(en|fr)(", sorted(paths), ")$"), start=1):
            name = f"pages-{'-'.join(methods).lower()}-{number}"
            routes.append(Route(name, pattern, methods, body, _RATES[PORTAL]))
    return routes


def _sharing_pages() -> list[Route]:
    """Return the pages of sharing, and the requests of their scripts."""
    pages, requests = [], []
    for rule in application(SHARING).url_map.iter_rules():
        if rule.endpoint.startswith("sharing_site."):
            pages.append(_pattern(rule.rule))
        elif rule.endpoint.startswith("sharing_exchange."):
            requests.append(rule.rule)
    return [
        Route("static", "^/static/[A-Za-z0-9._/-]{1,200}$", ("GET", "HEAD"), None, 5 * _RATES[SHARING]),
        Route("pages", _any_of(sorted(pages)), ("GET", "HEAD"), None, _RATES[SHARING]),
        *(
            Route(_name(path), f"^{path}$", ("POST",), _BODIES.get(path, MAX_FIELDS_BYTES), _RATES[SHARING])
            for path in sorted(requests)
        ),
    ]


def _status_pages() -> list[Route]:
    """Return the pages of status, and the notes of other systems."""
    rules = [rule.rule for rule in application(STATUS).url_map.iter_rules()]
    # A rule for any address has the page for what does not exist: the firewall refuses that.
    pages = sorted(
        _pattern(rule) for rule in rules if rule.startswith("/status") and rule != _NOTES and "<anything:" not in rule
    )
    return [
        Route("static", "^/static/[A-Za-z0-9._/-]{1,200}$", ("GET", "HEAD"), None, 5 * _RATES[STATUS]),
        Route("pages", _any_of(pages), ("GET", "HEAD"), None, _RATES[STATUS]),
        Route("notes", f"^{_NOTES}$", ("POST",), limits.MAX_NOTE_BODY_BYTES, _RATE_OF_FIGURES),
    ]


def _pattern(rule: str) -> str:
    """Return the regular expression of a rule of Flask."""
    pattern = re.sub(r"\.", r"\\.", rule)
    pattern = pattern.replace("<any(en, fr):language>", "(en|fr)")
    pattern = re.sub(r"<int:\w+>", "[0-9]{1,18}", pattern)
    return re.sub(r"<\w+>", "[^/]{1,200}", pattern)


def _any_of(alternatives: Iterable[str]) -> str:
    (pattern,) = _grouped("^(", alternatives, ")$")
    return pattern


def _grouped(start: str, alternatives: Iterable[str], end: str) -> list[str]:
    """Return as few regular expressions as the firewall's limit permits."""
    groups: list[list[str]] = [[]]
    for each in alternatives:
        if len(start + "|".join([*groups[-1], each]) + end) > _MAX_PATTERN:
            groups.append([])
        groups[-1].append(each)
    return [start + "|".join(group) + end for group in groups]


def as_text() -> str:
    """Return the content of routes.json."""
    return json.dumps(generate(), indent=2) + "\n"


if __name__ == "__main__":
    ROUTES_FILE.write_text(as_text(), encoding="utf-8")

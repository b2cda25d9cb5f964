"""Small answers for load balancers, monitors and people. None but `ready` touches a database."""

import functools
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from typing import Final

from flask import Blueprint, Response

from app.web.clock import current_time
from app.web.errors import on_fault
from app.web.context import current_database, current_redis, current_settings
from app.web.responses import NO_STORE, NOSNIFF, json_text, plain, plain_error
from app.web.routing import add_route

services = Blueprint("services", __name__)

# RFC 9116 recommends less than a year.
_SECURITY_TEXT_LIFETIME: Final = timedelta(days=180)

_logger = logging.getLogger(__name__)


def ping() -> Response:
    """Say that the process answers (rule 10)."""
    return plain("OK\n", headers=NO_STORE)


def present() -> Response:
    """Say so without a body (rule 11)."""
    response = Response(status=204, headers=NO_STORE)
    del response.headers["Content-Type"]
    return response


def ready() -> Response:
    """Say whether PostgreSQL and Redis answer: 200 when both do, else 503, and which is down (D22)."""
    states = {"postgresql": _state(current_database().ping), "redis": _state(current_redis().ping)}
    response = json_text(json.dumps(states), NO_STORE | NOSNIFF)
    response.status_code = 200 if all(state == "up" for state in states.values()) else 503
    return response


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except Exception:
        _logger.exception("not ready")
        return "down"
    return "up"


def version() -> Response:
    """Name the build (rule 12)."""
    settings = current_settings()
    return json_text(_compact({"branch": settings.branch, "revision": settings.revision}), NO_STORE)


def feature_flags() -> Response:
    """Tell portals and monitors what is switched on (rule 13)."""
    settings = current_settings()
    flags = {
        "enableEntirePeriodBundle": settings.enable_entire_period_bundle,
        "disableCurrentDateCheckFeatureFlag": settings.disable_current_date_check,
    }
    return json_text(_compact(flags), NO_STORE)


def openapi() -> Response:
    """Describe every route, for people and for programs."""
    return json_text(_openapi_document(), {"Cache-Control": "public, max-age=3600"})


@functools.cache
def _openapi_document() -> str:
    return (files("app.health") / "openapi.json").read_text(encoding="utf-8")


def security_text() -> Response:
    """Tell whom to write to about a weakness (RFC 9116). An operator who named nobody has no such page."""
    settings = current_settings()
    if settings.security_contact is None:
        return plain_error("404 page not found", 404)
    # The address is as fresh as the process that says it, so a reader may trust it for a while from now.
    expires = (current_time() + _SECURITY_TEXT_LIFETIME).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, fr",
    ]
    if settings.security_policy is not None:
        lines.append(f"Policy: {settings.security_policy}")
    return plain("".join(f"{line}\n" for line in lines), headers=NOSNIFF)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


on_fault(services, lambda: plain_error("server error", 500))
add_route(services, "/services/ping", ping)
add_route(services, "/services/present", present)
add_route(services, "/services/ready", ready)
add_route(services, "/services/version.json", version)
add_route(services, "/services/featureFlags.json", feature_flags)
add_route(services, "/openapi.json", openapi)
add_route(services, "/.well-known/security.txt", security_text)

"""Small responses for load balancers, monitors and people. Only `ready` uses the database."""

import functools
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from typing import Final

from flask import Response

from app.web.blueprints import Blueprint
from app.web.context import Context, current_context, current_settings, current_time
from app.web.responses import NO_STORE, NOSNIFF, json_text, plain, plain_error

health = Blueprint("health", __name__)

# RFC 9116 recommends less than a year.
_SECURITY_TEXT_LIFETIME: Final = timedelta(days=180)

_logger = logging.getLogger(__name__)


@health.route("/services/ping")
def ping() -> Response:
    """Return 200 if the process responds (rule 10)."""
    return plain("OK\n", headers=NO_STORE)


@health.route("/services/present")
def present() -> Response:
    """Return 204 if the process responds (rule 11)."""
    response = Response(status=204, headers=NO_STORE)
    del response.headers["Content-Type"]
    return response


@health.route("/services/ready")
def ready() -> Response:
    """Return 200 if PostgreSQL is migrated and Redis can be written to, else 503, with each state (D22)."""
    context = current_context()
    states = {
        "postgresql": _state(context.database.ping),
        "redis": _state(context.check_redis),
        "migrations": _migrations(context),
    }
    response = json_text(json.dumps(states), NO_STORE | NOSNIFF)
    response.status_code = 503 if {"down", "pending"} & set(states.values()) else 200
    return response


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except Exception:
        _logger.exception("not ready")
        return "down"
    return "up"


def _migrations(context: Context) -> str:
    """Return the state of the schema; a newer one is as good, because a release migrates before it replaces code."""
    try:
        state = context.schema.state().value
    except Exception:
        return "unknown"  # PostgreSQL is down, which has been logged
    if state == "pending":
        _logger.error("migrations pending", extra={"release": "flask --app app db upgrade"})
    return state


@health.route("/services/version.json")
def version() -> Response:
    """Return the branch and commit of the build (rule 12)."""
    settings = current_settings()
    return json_text(_compact({"branch": settings.branch, "revision": settings.revision}), NO_STORE)


@health.route("/services/featureFlags.json")
def feature_flags() -> Response:
    """Return which optional features are enabled (rule 13)."""
    settings = current_settings()
    flags = {
        "enableEntirePeriodBundle": settings.enable_entire_period_bundle,
        "disableCurrentDateCheckFeatureFlag": settings.disable_current_date_check,
    }
    return json_text(_compact(flags), NO_STORE)


@health.route("/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI document."""
    return json_text(_openapi_document(), {"Cache-Control": "public, max-age=3600"})


@functools.cache
def _openapi_document() -> str:
    return (files("app.health") / "openapi.json").read_text(encoding="utf-8")


@health.route("/.well-known/security.txt")
def security_text() -> Response:
    """Return the contact for vulnerability reports (RFC 9116), or 404 if the operator has not set one."""
    settings = current_settings()
    if settings.security_contact is None:
        return plain_error("404 page not found", 404)
    # The contact is read from the settings of the running process, so it is valid for a while from now.
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

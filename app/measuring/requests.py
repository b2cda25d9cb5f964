"""Counting requests: WSGI middleware around everything, so that refusals and static files are counted as well.

A download that the web server answers from memory never reaches the middleware: see app/retrieval/fast_path.py. A
request that the web server itself refuses as malformed is not counted.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, request

from app.config.common import ALL_SURFACES
from app.measuring.instruments import EVERY_SURFACE, UNMATCHED, Instruments

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Entries of a request's WSGI environment.
_ROUTE: Final = "exposure_alert.route"  # its surface and the rule of its URL
_STARTED: Final = "exposure_alert.started"
_IS_COUNTED: Final = "exposure_alert.is_counted"

_STATIC: Final = "/static/"
_UNMATCHED_ROUTE: Final = (EVERY_SURFACE, UNMATCHED)
_STATIC_ROUTE: Final = (EVERY_SURFACE, _STATIC)
_SERVER_ERROR: Final = 500
_NOT_FOUND: Final = 404


class CountRequests:
    """WSGI middleware: counts each request with its status, and the time until the response was ready."""

    def __init__(self, application: "WSGIApplication", instruments: Instruments) -> None:
        self._application = application
        self._instruments = instruments

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Call the application. A request that it fails with an exception is counted as a server error."""
        status, started = _SERVER_ERROR, time.perf_counter()
        environ[_STARTED] = started

        def start(line: str, *details: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(line, *details)

        try:
            return self._application(environ, start)
        finally:
            if _IS_COUNTED not in environ:
                surface, route = route_of(environ, status)
                method, seconds = environ["REQUEST_METHOD"], time.perf_counter() - started
                self._instruments.count_request(surface, route, method, status, seconds)


def route_of(environ: "WSGIEnvironment", status: int = 0) -> tuple[str, str]:
    """Return the surface and the rule of the URL of a request that was answered with a status."""
    found: tuple[str, str] | None = environ.get(_ROUTE)
    if found is not None:
        return found
    is_file = environ["PATH_INFO"].startswith(_STATIC) and status != _NOT_FOUND
    return _STATIC_ROUTE if is_file else _UNMATCHED_ROUTE


def mark_counted(environ: "WSGIEnvironment") -> None:
    """Leave a request out that was counted elsewhere."""
    environ[_IS_COUNTED] = True


def seconds_since_start(environ: "WSGIEnvironment") -> float:
    """Return for how long the request has been in progress."""
    return time.perf_counter() - float(environ[_STARTED])


def init_counting(app: Flask) -> None:
    """Note the route of each request, for the middleware. Call it before anything else can answer a request."""
    surfaces: dict[str, str] = {}

    def note_route() -> None:
        rule = request.url_rule
        if rule is None:
            return
        if rule.endpoint not in surfaces:
            surfaces[rule.endpoint] = _surface_of(app, rule.endpoint)
        request.environ[_ROUTE] = (surfaces[rule.endpoint], rule.rule)

    app.before_request(note_route)


def _surface_of(app: Flask, endpoint: str) -> str:
    """Return the surface whose package registered an endpoint, or EVERY_SURFACE."""
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    package = blueprint.import_name.split(".")[1:2] if blueprint else []
    return package[0] if package and package[0] in ALL_SURFACES else EVERY_SURFACE

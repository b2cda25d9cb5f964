"""Paths and methods as the public server matches them: strictly, and before anything else (rules 3, 4, 7, trap T1)."""

import posixpath
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import quote

from flask import Flask, Request
from werkzeug.routing import BaseConverter, MapAdapter, RequestRedirect, Rule

from app.web.context import Context

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ANY_METHOD = ["ANY"]
_HOST: Final = "localhost"  # of every request, for matching


class AnyMethodRule(Rule):
    """A rule that matches every HTTP method, known or not; the view decides what to answer."""

    def __init__(self, string: str, **options: Any) -> None:
        if set(options.get("methods") or ()) == set(ANY_METHOD):
            options["methods"] = None
        super().__init__(string, **options)


class Application(Flask):
    """Flask with the service's context and rules, and without support for coroutines."""

    url_rule_class: type[Rule] = AnyMethodRule
    context: Context

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match a request by its path only: neither `Host` nor `Upgrade` changes its route."""
        if request is None:
            return super().create_url_adapter(request)
        # `url_map.bind` would encode the name of the host, which no rule depends on, for each request.
        return MapAdapter(self.url_map, _HOST, "/", "", "http", request.path, request.method)

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise what matching found. A redirect that adds a slash leads to the host that the client has asked."""
        error = request.routing_exception
        if isinstance(error, RequestRedirect):
            error.new_url = error.new_url.removeprefix(f"http://{_HOST}")
        super().raise_routing_exception(request)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function unchanged. Flask calls this ten times per request to support coroutines."""
        return func


class DigitsConverter(BaseConverter):
    """A fixed number of ASCII digits: `<digits(5):day>`."""

    def __init__(self, url_map: Any, count: int) -> None:
        super().__init__(url_map)
        self.regex = f"[0-9]{{{count}}}"


class HashIdConverter(BaseConverter):
    """128 characters from digits, lower-case letters and the comma (rule 14)."""

    regex = "[0-9a-z,]{128}"


class DateConverter(BaseConverter):
    """Text in the form of a date, which may not exist: 2001-32-01 matches (rules 89 and 91)."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


class AnythingConverter(BaseConverter):
    """Any text, including slashes, or nothing (rule 71)."""

    regex = ".*"
    part_isolating = False


class CleanPaths:
    """WSGI middleware: redirects a path with `//`, `/./` or `/../` to its cleaned form (rule 4)."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer 301 with the cleaned path, or call the application."""
        path = environ.get("PATH_INFO", "") or "/"
        if "//" not in path and "/." not in path:
            return self._application(environ, start_response)
        clean = _clean(path)
        if clean == path:
            return self._application(environ, start_response)
        query = environ.get("QUERY_STRING")
        location = quote(clean.encode("latin-1")) + (f"?{query}" if query else "")
        # Not to be stored: a cache that cleans paths itself would answer the clean one with a redirect to itself.
        headers = [("Location", location), ("Cache-Control", "no-store"), ("Content-Length", "0")]
        start_response("301 Moved Permanently", headers)
        return [b""]


def _clean(path: str) -> str:
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def init_routing(app: Flask) -> None:
    """Register the service's converters. Call it before any route is added."""
    app.url_map.merge_slashes = False
    app.url_map.converters |= {
        "digits": DigitsConverter,
        "hash_id": HashIdConverter,
        "date": DateConverter,
        "anything": AnythingConverter,
    }

"""Paths, as the public server matches them: strictly, and before anything else (protocol rules 3, 4, 7 and trap T1)."""

import posixpath
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask, Request
from werkzeug.routing import BaseConverter, MapAdapter, Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ANY_METHOD = ["ANY"]


class AnyMethodRule(Rule):
    """A rule that matches every HTTP method, even an unknown one; the view decides what to answer."""

    def __init__(self, string: str, **options: Any) -> None:
        if set(options.get("methods") or ()) == set(ANY_METHOD):
            options["methods"] = None
        super().__init__(string, **options)


class Application(Flask):
    """Flask with the service's kind of rules, whose views are all functions that return when they are done."""

    url_rule_class: type[Rule] = AnyMethodRule

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match a request by its path. Neither its `Host` nor a wish for another protocol changes where it goes."""
        if request is None:
            return super().create_url_adapter(request)
        return self.url_map.bind("localhost", default_method=request.method, path_info=request.path)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is. Flask asks here, ten times in each request, whether it is a coroutine."""
        return func


class DigitsConverter(BaseConverter):
    """Exactly so many ASCII digits: `<digits(5):day>`."""

    def __init__(self, url_map: Any, count: int) -> None:
        super().__init__(url_map)
        self.regex = f"[0-9]{{{count}}}"


class HashIdConverter(BaseConverter):
    """128 characters from digits, small letters and the comma (rule 14)."""

    regex = "[0-9a-z,]{128}"


class DateConverter(BaseConverter):
    """A date in form, if not in fact: 2001-32-01 passes (rules 89 and 91)."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


class AnythingConverter(BaseConverter):
    """Any text, slashes included, or none at all (rule 71)."""

    regex = ".*"
    part_isolating = False


class CleanPaths:
    """WSGI middleware: a path with `//`, `/./` or `/../` is sent to the path that it means (rule 4)."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer 301 with the clean path, or pass the request on."""
        path = environ.get("PATH_INFO", "") or "/"
        if "//" not in path and "/." not in path:
            return self._application(environ, start_response)
        clean = _clean(path)
        if clean == path:
            return self._application(environ, start_response)
        query = environ.get("QUERY_STRING")
        location = quote(clean.encode("latin-1")) + (f"?{query}" if query else "")
        start_response("301 Moved Permanently", [("Location", location), ("Content-Length", "0")])
        return [b""]


def _clean(path: str) -> str:
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def init_routing(app: Flask) -> None:
    """Teach the application the service's kinds of paths. Call it before any route is added."""
    app.url_map.merge_slashes = False
    app.url_map.converters |= {
        "digits": DigitsConverter,
        "hash_id": HashIdConverter,
        "date": DateConverter,
        "anything": AnythingConverter,
    }
    app.wsgi_app = CleanPaths(app.wsgi_app)  # type: ignore[method-assign]


def add_route(target: Any, path: str, view: Callable[..., Any]) -> None:
    """Register a view for a path and every method, on a blueprint or the application."""
    target.add_url_rule(path, view_func=view, methods=ANY_METHOD, provide_automatic_options=False)

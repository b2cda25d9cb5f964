"""Responses of the status page: public, the same for everyone, and each rendered once for a document."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from flask import Response, render_template, request

from app.status.document import StatusDocument
from app.status.rendered import RenderedPage
from app.status.views.formats import Formats, iso
from app.web import pages
from app.web.context import current_context, current_settings, current_time
from app.web.i18n import LANGUAGES, load_catalogue
from app.web.pages import static_path
from app.web.responses import conditional, plain_error

GROUP: Final = "status"
# A CDN may go on showing a page for a day if no process of the service responds; it names the time that it is of.
CACHE_CONTROL: Final = "public, max-age=15, stale-if-error=86400"
HTML: Final = "text/html; charset=utf-8"
_RETRY_SECONDS: Final = 30
_YEAR_SECONDS: Final = 31_536_000
# The pages have no scripts and no forms.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# The pages of the navigation: the key of the text, and the path below `/status/{language}`.
NAVIGATION: Final = (
    ("navigation.status", ""),
    ("navigation.incidents", "/incidents"),
    ("navigation.figures", "/figures"),
)

Values = dict[str, Any]


def protect(response: Response) -> Response:
    """Add the protective header fields, and keep what the view has set for caches."""
    cache_control = response.headers.get("Cache-Control")
    pages.protect(response)
    response.headers["Content-Security-Policy"] = _POLICY
    if "Access-Control-Allow-Origin" in response.headers:
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if cache_control:
        response.headers["Cache-Control"] = cache_control
    if current_settings().is_production:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return response


def accept_only_reading() -> Response | None:
    """Answer 405 to every method that is not for reading."""
    if request.method in ("GET", "HEAD"):
        return None
    return plain_error("method not allowed", 405, {"Allow": "GET, HEAD"})


def formats_of(language: str) -> Formats:
    """Return the formats of a language."""
    return Formats(load_catalogue(GROUP, language), current_settings().status.status_time_zone)


def show(
    language: str,
    path: str,
    template: str,
    values: Callable[[StatusDocument, Formats], Values],
    exists: Callable[[StatusDocument], bool] = lambda _: True,
) -> Response:
    """Return a page, rendered unless it was for this document.

    `path` is that below `/status/{language}`. `values` returns those of the template, if the document has such a page.
    """
    now = current_time()
    document = current_context().status.document(now)
    if document is None:
        return unavailable(language)
    if not exists(document):
        return missing(language)

    def render() -> bytes:
        own = values(document, formats_of(language)) | {"document": document, "is_stale": document.is_stale(now)}
        return render_page(language, path, template, own).encode()

    return respond(document, now, (language, path), render, HTML)


def respond(
    document: StatusDocument, now: datetime, key: tuple[str, str], render: Callable[[], bytes], content_type: str
) -> Response:
    """Return what was rendered of a document, or 304 if the client has it. `key` is the language, or none, and a name.

    Whether the document is stale is part of what is rendered.
    """
    page = current_context().status.rendered.get((document.written_at, document.is_stale(now)), key, render)
    return send(page, key[0], content_type)


def send(page: RenderedPage, language: str, content_type: str = HTML) -> Response:
    """Return what was rendered, or 304 if the client has it. `language` is empty for what is the same in each."""
    response = Response(page.body, headers={"Cache-Control": CACHE_CONTROL}, content_type=content_type)
    if language:
        response.content_language.add(load_catalogue(GROUP, language).locale)
    return conditional(response, page.etag)


def show_information(language: str, name: str, numbers: dict[str, int]) -> Response:
    """Return a page that depends on the settings alone: it needs no document. `numbers` are those of its texts."""
    path = f"/{name}"

    def render() -> bytes:
        return render_page(language, path, f"status/{name}.html", {"numbers": numbers}).encode()

    return send(current_context().status.rendered_information.get(None, (language, path), render), language)


def missing(language: str) -> Response:
    """Return the page for a path that does not exist."""
    body = render_page(language, None, "status/missing.html", {})
    response = Response(body, 404, {"Cache-Control": "public, max-age=15"})
    response.content_language.add(load_catalogue(GROUP, language).locale)
    return response


def unavailable(language: str) -> Response:
    """Return the page for as long as no document could be read. A cache shows an older page instead."""
    body = render_page(language, "", "status/unavailable.html", {})
    response = Response(body, 503, {"Cache-Control": "no-store", "Retry-After": str(_RETRY_SECONDS)})
    response.content_language.add(load_catalogue(GROUP, language).locale)
    return response


def render_page(language: str, path: str | None, template: str, values: Values) -> str:
    """Return the text of a page. `path` is None for a page that has no address of its own."""
    settings, formats = current_settings().status, formats_of(language)
    other = next(each for each in LANGUAGES if each != language)
    shared = {
        "t": formats.texts,
        "f": formats,
        "iso": iso,
        "other": load_catalogue(GROUP, other),
        "root": f"/status/{language}",
        "path": path,
        "other_path": f"/status/{other}{path or ''}",
        "navigation": NAVIGATION,
        "static": static_path,
        "name": settings.status_names[language],
        "support": settings.status_support_url,
        "base": (settings.status_url or "").rstrip("/"),
    }
    return render_template(template, **shared, **values)

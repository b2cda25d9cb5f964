"""The kinds of responses of the service, with their exact headers (rule 8, trap T10)."""

from typing import Final

from flask import Response, request

PROTOBUF: Final = "application/x-protobuf"
ZIP: Final = "application/zip"
# The public server's `max-stale` is a request directive (D23). This one lets a CDN serve the old archive while it
# revalidates.
CACHE_CONTROL_ARCHIVE: Final = "public, max-age=3600, stale-while-revalidate=600"
NO_STORE: Final = {"Cache-Control": "no-store"}
NOSNIFF: Final = {"X-Content-Type-Options": "nosniff"}


def plain(body: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a text response."""
    return Response(body, status, headers, content_type="text/plain; charset=utf-8")


def plain_error(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """Return an error of one line, whose type must not be sniffed."""
    return plain(text + "\n", status, NOSNIFF | (headers or {}))


def protobuf(body: bytes) -> Response:
    """Return a protocol buffer."""
    return Response(body, 200, content_type=PROTOBUF)


def protobuf_error(body: bytes, status: int, headers: dict[str, str] | None = None) -> Response:
    """Return a protocol buffer that reports an error."""
    return Response(body, status, NOSNIFF | (headers or {}), content_type=PROTOBUF)


def json_text(body: str, headers: dict[str, str] | None = None) -> Response:
    """Return serialized JSON."""
    return Response(body, 200, headers, content_type="application/json; charset=utf-8")


def conditional(response: Response, etag: str) -> Response:
    """Add an entity tag, or return 304 if the client has a current copy."""
    response.set_etag(etag)
    if not is_current(etag, request.headers.get("If-None-Match", "")):
        return response
    kept = {name: response.headers[name] for name in ("Cache-Control", "ETag") if name in response.headers}
    unchanged = Response(status=304, headers=kept)
    del unchanged.headers["Content-Type"]
    return unchanged


def is_current(etag: str, if_none_match: str) -> bool:
    """Return whether If-None-Match contains the entity tag, a hexadecimal digest, or is `*` (RFC 9110, 13.1.2).

    Tags are compared weakly. Caches that compress mark the tags of what they store, as `W/"…"` or `"…-gzip"`; the
    digest is unique, so it is enough that it occurs.
    """
    return etag in if_none_match or if_none_match.strip() == "*"

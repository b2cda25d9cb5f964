"""The few forms in which the service answers, with their exact headers (protocol rule 8, trap T10)."""

from typing import Final

from flask import Response, request

PROTOBUF: Final = "application/x-protobuf"
ZIP: Final = "application/zip"
# The public server's `max-stale` is a directive for requests (D23); this one lets a CDN answer while it asks anew.
CACHE_CONTROL_ARCHIVE: Final = "public, max-age=3600, stale-while-revalidate=600"
NO_STORE: Final = {"Cache-Control": "no-store"}
NOSNIFF: Final = {"X-Content-Type-Options": "nosniff"}


def plain(body: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with text as it is given."""
    return Response(body, status, headers, content_type="text/plain; charset=utf-8")


def plain_error(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """Answer with an error: one line, and no guessing of its type."""
    return plain(text + "\n", status, NOSNIFF | (headers or {}))


def protobuf(body: bytes) -> Response:
    """Answer with a message."""
    return Response(body, 200, content_type=PROTOBUF)


def protobuf_error(body: bytes, status: int, headers: dict[str, str] | None = None) -> Response:
    """Answer with a message that says what was wrong."""
    return Response(body, status, NOSNIFF | (headers or {}), content_type=PROTOBUF)


def json_text(body: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON that is written already."""
    return Response(body, 200, headers, content_type="application/json; charset=utf-8")


def conditional(response: Response, etag: str) -> Response:
    """Tag an answer, and make it 304 if the client has it already."""
    response.set_etag(etag)
    response.make_conditional(request)
    del response.headers["Date"]  # the web server writes it, and would write a second
    return response

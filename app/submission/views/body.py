"""Reading a request's body, bounded."""

from flask import Response, request


class BodyUnreadable(Exception):  # noqa: N818 - it is an answer, not a fault
    """The body is longer than the route allows, or its sender stopped half-way."""


def read_body(limit: int) -> bytes:
    """Return the request's body, of at most `limit` bytes; raise BodyUnreadable (trap T2)."""
    try:
        body = request.stream.read(limit + 1)
    except Exception:  # each web server has errors of its own for a body that it cannot read, without a common base
        raise BodyUnreadable from None
    if len(body) > limit:
        raise BodyUnreadable
    return body


def closing_if_unread(error: Exception, response: Response) -> Response:
    """Close the connection after a body that was not read to its end: what follows it is no request (rule 30)."""
    if isinstance(error, BodyUnreadable):
        response.headers["Connection"] = "close"
    return response

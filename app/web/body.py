"""Reading the body of a request, with a limit."""

from flask import Response, request

from app.domain.errors import UnreadableBodyError


def read_body(limit: int) -> bytes:
    """Return the request's body, of at most `limit` bytes; raise UnreadableBodyError (trap T2)."""
    try:
        body = request.stream.read(limit + 1)
    except Exception:  # web servers raise different errors for an incomplete body, without a common base
        raise UnreadableBodyError from None
    if len(body) > limit:
        raise UnreadableBodyError
    return body


def close_if_unread(error: Exception, response: Response) -> Response:
    """Close the connection if the body was not read to its end: what follows is not a request (rule 30)."""
    if isinstance(error, UnreadableBodyError):
        response.headers["Connection"] = "close"
    return response

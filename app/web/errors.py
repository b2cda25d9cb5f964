"""Responses to requests that no blueprint answers: unknown paths, and unexpected errors."""

import logging

from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from app.web.responses import plain_error

_logger = logging.getLogger(__name__)


def init_errors(app: Flask) -> None:
    """Answer in plain text instead of the framework's HTML (trap T1)."""
    app.register_error_handler(404, lambda _: plain_error("404 page not found", 404))
    app.register_error_handler(Exception, _unexpected)


def _unexpected(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code and error.code < 500:
        return plain_error(error.name.lower(), error.code)
    _logger.error("unexpected error", exc_info=error, extra=request_fields())
    return plain_error("server error", 500)


def request_fields() -> dict[str, str]:
    """Return the log fields that connect a line to the lines `http request` and `http response` of the request."""
    return {"uuid": g.request_id} if "request_id" in g else {}

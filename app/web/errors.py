"""Answers to what no blueprint answers: a path that does not exist, and a fault outside every view."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, g
from werkzeug.exceptions import HTTPException

from app.web.responses import plain_error

_logger = logging.getLogger(__name__)


def init_errors(app: Flask) -> None:
    """Answer in plain text, never with a page of the framework's (trap T1)."""
    app.register_error_handler(404, lambda _: plain_error("404 page not found", 404))
    app.register_error_handler(Exception, _unexpected)


def _unexpected(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code and error.code < 500:
        return plain_error(error.name.lower(), error.code)
    _logger.error("unexpected error", exc_info=error, extra=_of_this_request())
    return plain_error("server error", 500)


def _of_this_request() -> dict[str, str]:
    """Return what the lines `http request` and `http response` of the same request have."""
    return {"uuid": g.request_id} if "request_id" in g else {}


def on_fault(blueprint: Blueprint, answer: Callable[[], Any]) -> None:
    """Answer every fault inside a blueprint's views in its own form, and log where it happened."""

    def handle(error: Exception) -> Any:
        _logger.error("request failed", exc_info=error, extra=_of_this_request())
        return answer()

    blueprint.register_error_handler(Exception, handle)

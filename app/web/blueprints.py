"""A blueprint whose routes match every method, and whose faults have one response."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint as FlaskBlueprint
from flask import Response

from app.domain.errors import RateLimiterUnavailableError, TooManyRequestsError
from app.web.errors import request_fields
from app.web.rate_limits import RETRY_SECONDS
from app.web.responses import plain_error
from app.web.routing import ANY_METHOD

_logger = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])


class Blueprint(FlaskBlueprint):
    """The routes of one form of response: each refusal and each fault becomes a response in one place."""

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for a path and every method; the view decides which methods it accepts."""

        def register(view: View) -> View:
            self.add_url_rule(rule, view_func=view, methods=ANY_METHOD, provide_automatic_options=False, **options)
            return view

        return register

    def fault_response(self, respond: Callable[[], Response]) -> Callable[[], Response]:
        """Register the response to every unexpected error of the blueprint's views; the error is logged."""

        def handle(error: Exception) -> Response:
            _logger.error("request failed", exc_info=error, extra=request_fields())
            return respond()

        self.register_error_handler(Exception, handle)
        return respond

    def plain_text_limits(self) -> None:
        """Answer exhausted rate limits in plain text."""
        self.register_error_handler(TooManyRequestsError, _too_many_requests)
        self.register_error_handler(RateLimiterUnavailableError, _rate_limiter_unavailable)


def _too_many_requests(error: TooManyRequestsError) -> Response:
    return plain_error("too many requests", 429, error.headers)


def _rate_limiter_unavailable(_: RateLimiterUnavailableError) -> Response:
    return plain_error("service unavailable", 503, {"Retry-After": str(int(RETRY_SECONDS))})

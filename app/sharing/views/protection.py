"""What every response of sharing has, and which methods its views answer."""

import functools
from collections.abc import Callable
from typing import Any, Final

from flask import Response, request

from app.web import pages
from app.web.context import current_settings
from app.web.responses import plain_error

View = Callable[..., Response]

_YEAR_SECONDS: Final = 31_536_000
# No form is ever sent: without its script, a browser must not put a secret into a request.
_POLICY: Final = pages.CONTENT_SECURITY_POLICY.replace("form-action 'self'", "form-action 'none'")


def protect(response: Response) -> Response:
    """Add the protective header fields."""
    pages.protect(response)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if current_settings().is_production:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return response


def accept_only(*methods: str) -> Callable[[View], View]:
    """Answer 405 to other methods."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(**arguments: Any) -> Response:
            if request.method not in methods:
                return plain_error("method not allowed", 405, {"Allow": ", ".join(methods)})
            return view(**arguments)

        return checked

    return decorate

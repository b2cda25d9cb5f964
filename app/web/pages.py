"""Pages for people: their protective header fields, and static files.

Responses of the protocol have none of these, and a process without pages serves no static files.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Response
from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_STATIC: Final = Path(__file__).parents[1] / "static"
_SHARED: Final = "design"

# Everything is loaded from this server, and nothing is inline. Trusted Types: no script may turn text into HTML.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
PROTECTION: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def protect(response: Response) -> Response:
    """Add the protective header fields of a page. Blueprints of pages call it after each request."""
    response.headers.update(PROTECTION)
    return response


def static_files(application: "WSGIApplication", groups: Iterable[str]) -> WhiteNoise:
    """Return WSGI middleware that serves the groups' folders of `app/static`, and the shared one, below `/static`."""
    # Browsers revalidate every file: modules of two versions do not work together.
    files = WhiteNoise(application, max_age=0, allow_all_origins=False, add_headers_function=_protect_file)
    for group in (_SHARED, *groups):
        files.add_files(str(_STATIC / group), prefix=f"static/{group}")
    return files


def _protect_file(headers: "dict[str, str]", path: str, url: str) -> None:  # noqa: ARG001
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"

"""What every page for people has in common: the header fields that protect it, and static files.

The protocol's own answers have nothing of this, and a process that serves no pages serves no static files.
"""

from pathlib import Path
from typing import Final

from flask import Flask, Response
from whitenoise import WhiteNoise

_STATIC: Final = Path(__file__).parent / "static"
_SHARED: Final = "design"

# Everything comes from this very server, and nothing stands inline. Trusted Types: no script may turn text into HTML.
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
    """Add the header fields of a page. A blueprint of pages calls it after each of its requests."""
    response.headers.update(PROTECTION)
    return response


def serve_static(app: Flask, group: str) -> None:
    """Serve a group's folder of `app/static` below `/static`, and what all groups share."""
    files = app.web.context.get("static_files")
    if files is None:
        # Browsers ask each time whether a file has changed: modules of two versions would not work together.
        files = WhiteNoise(app.wsgi_app, max_age=0, allow_all_origins=False, add_headers_function=_protect_file)
        app.web.context["static_files"] = app.wsgi_app = files  # type: ignore[method-assign]
        files.add_files(str(_STATIC / _SHARED), prefix=f"static/{_SHARED}")
    files.add_files(str(_STATIC / group), prefix=f"static/{group}")


def _protect_file(headers: "dict[str, str]", path: str, url: str) -> None:  # noqa: ARG001
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"

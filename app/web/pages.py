"""Pages for people: their protective header fields, and static files.

Responses of the protocol have none of these, and a process without pages serves no static files.
"""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Response
from whitenoise import WhiteNoise

from app.web.responses import plain_error

if TYPE_CHECKING:
    from wsgiref.headers import Headers

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STATIC_FOLDER: Final = Path(__file__).parents[1] / "static"
_SHARED: Final = "design"
_PREFIX: Final = "/static/"
_DIGEST_DIGITS: Final = 16
_IMMUTABLE: Final = "public, max-age=31536000, immutable"  # a year

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


def static_files(application: "WSGIApplication", groups: Iterable[str]) -> "WSGIApplication":
    """Return WSGI middleware that serves the groups' folders of `app/static`, and the shared one, below `/static`.

    Each file has two addresses. `/static/{version}/group/name` may be cached for a year: the version is a digest of all
    files, so the modules that a page imports by relative paths are always of one version. `/static/group/name` is
    revalidated by an entity tag of the content.
    """
    files = WhiteNoise(application, max_age=None, allow_all_origins=False, add_headers_function=_add_file_headers)
    for group in (_SHARED, *groups):
        for prefix in (static_path(""), _PREFIX):
            files.add_files(str(STATIC_FOLDER / group), prefix=prefix + group)

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        respond = _missing_file() if path.startswith(_PREFIX) and path not in files.files else files
        return respond(environ, start_response)

    return serve


@functools.cache
def static_version() -> str:
    """Return a digest of the names and contents of all static files, as 16 hexadecimal digits.

    It is computed once: a process that serves changed files has to be restarted.
    """
    return digest_of_files(STATIC_FOLDER)


def digest_of_files(folder: Path) -> str:
    """Return a digest of the names and contents of a folder's files, as 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\n{content}\n".encode())
    return digest.hexdigest()[:_DIGEST_DIGITS]


def static_path(name: str) -> str:
    """Return the versioned path of a static file, such as `review/phone.css`."""
    return f"{_PREFIX}{static_version()}/{name}"


def _missing_file() -> Response:
    """Return the response for a file that does not exist, such as one of a version that is no longer deployed."""
    # No cache may keep it: during a deployment, another process may have the file.
    return protect(plain_error("404 not found: if a page refers to this file, reload the page", 404))


def _add_file_headers(headers: "Headers", path: str, url: str) -> None:
    # The default entity tag is the file's time and size, which can be the same for different contents: builders of
    # images set all times to a constant.
    headers["ETag"] = f'"{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:_DIGEST_DIGITS]}"'
    headers["Cache-Control"] = _IMMUTABLE if url.startswith(static_path("")) else "no-cache"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"

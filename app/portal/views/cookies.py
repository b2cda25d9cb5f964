"""The portal's cookie, signed by Flask.

It holds the token of a session, that of forms, and the numbers of dismissed announcements.
"""

import hashlib
from typing import Any

from flask import session
from flask.sessions import SecureCookieSessionInterface

from app.web.routing import Application


class CookieInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, with SHA-256 instead of SHA-1, which audits report."""

    digest_method: Any = staticmethod(hashlib.sha256)


def init_cookies(app: Application) -> None:
    """Configure the application's cookie, which also holds the token of forms."""
    portal = app.context.portal
    current, *old = portal.keys.cookie_keys()
    is_secure = portal.settings.session_cookie_is_secure
    app.secret_key = current
    app.session_interface = CookieInterface()
    app.config.update(
        SECRET_KEY_FALLBACKS=old,
        # `__Host-`: no other host, and no page without TLS, can set it.
        SESSION_COOKIE_NAME="__Host-portal" if is_secure else "portal",
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict would hide the session from a link in an e-mail
        WTF_CSRF_TIME_LIMIT=None,  # a form is valid as long as its session
        WTF_CSRF_CHECK_DEFAULT=False,  # PortalBlueprint checks the forms of its own pages
    )


def keep(token: str) -> None:
    """Put the token of a new session into the cookie. Everything else in it is discarded, as are open forms."""
    session.clear()
    session["token"] = token


def renew(token: str) -> None:
    """Put the new token of the same session into the cookie. Open forms remain valid."""
    session["token"] = token


def discard() -> None:
    """Empty the cookie."""
    session.clear()

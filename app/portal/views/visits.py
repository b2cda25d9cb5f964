"""What the steps of signing in share: the browser that sent a request, its session so far, and where to go next."""

from typing import Final

from flask import Response, g, request

from app.domain.errors import ActionRefusedError
from app.domain.portal.browsers import browser_name
from app.domain.portal.people import SignedIn
from app.portal.sign_in import Visit
from app.portal.views import cookies, pages
from app.portal.views.forms import Form
from app.web.security import current_network

_NETWORK: Final = "accounts.error.network"
# What a page may be asked to show after a redirect: a passkey is sent to an address of its own.
_SHOWN: Final = {
    name: f"accounts.error.{name}"
    for name in ("passkey", "passkey_late", "network", "last_factor", "too_many_passkeys")
}


def session_or_none() -> SignedIn | None:
    """Return the browser's session, complete or not, or None."""
    signed_in: SignedIn | None = g.get("signed_in")
    return signed_in


def visit() -> Visit:
    """Return the browser that signs in."""
    signed_in = session_or_none()
    browser = browser_name(request.headers.get("User-Agent", ""))
    return Visit(browser, current_network(), signed_in.session_id if signed_in else None)


def next_query() -> dict[str, str]:
    """Return where the sign-in leads, for the address of its next step."""
    path = pages.next_path(request.args.get("next", ""))
    return {} if path == "/" else {"next": path}


def enter(token: str) -> Response:
    """Put a session's new token into the cookie, and go where the sign-in leads."""
    cookies.keep(token)
    return pages.redirect(pages.next_path(request.args.get("next", "")))


def return_confirmed(token: str) -> Response:
    """Put the new token of the same session into the cookie, and go back to the page that required a confirmation."""
    cookies.renew(token)
    return pages.redirect(pages.next_path(request.args.get("next", "")))


def refuse(form: Form, error: ActionRefusedError, field: str | None = None) -> int:
    """Add what was refused to a form, to a field or to the whole, and return the status of the page."""
    if field is None:
        form.form_errors.append(error.reason)
    else:
        form[field].errors = [*form[field].errors, error.reason]
    return 429 if error.reason == _NETWORK else 200


def redirect_refused(path: str, error: ActionRefusedError) -> Response:
    """Redirect to a page that shows what was refused."""
    return pages.redirect(path, **next_query(), refused=error.reason.rpartition(".")[2])


def show_refused(form: Form) -> int:
    """Add to a form what was refused before a redirect, and return the status of the page."""
    reason = _SHOWN.get(request.args.get("refused", ""))
    return refuse(form, ActionRefusedError(reason)) if reason and request.method == "GET" else 200

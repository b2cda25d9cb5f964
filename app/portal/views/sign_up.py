"""Accepting an invitation, and setting up the second factor that everyone needs.

The pages of the set-up are for a session that permits it (`may_set_up`) and nothing else: an account that has, or had,
a second factor cannot receive another one with the password alone.
"""

import functools
from collections.abc import Callable

from flask import Response, request

from app.domain.errors import ActionRefusedError
from app.portal.own_account import Protection
from app.portal.views import cookies, factor_pages, pages
from app.portal.views.account_forms import SignUpForm, typed
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import submitted
from app.portal.views.people import current_session
from app.portal.views.visits import refuse, session_or_none, visit
from app.web.context import current_context, current_time

sign_up = PortalBlueprint("sign_up")

View = Callable[[], Response]


@sign_up.page("/invitation/<token>", methods=FORM, public=True)
def accept(token: str) -> Response:
    """Ask for a name, a language and a password."""
    service, form = current_context().portal.sign_up, SignUpForm()
    invited = service.find(token, current_time())
    if invited is None:
        return pages.render("accounts/link_expired.html", 404, kind="invitation")
    if request.method == "GET":
        form.language.data = pages.texts().language
    if submitted(form):
        try:
            session = service.accept(
                token, typed(form.name), typed(form.language), typed(form.password), visit(), current_time()
            )
        except ActionRefusedError as error:
            refuse(form, error, "password")
        else:
            cookies.keep(session)
            return pages.redirect("/set-up")
    return pages.render("accounts/sign_up.html", form=form, form_id="sign-up", invited=invited)


def _for_set_up(view: View) -> View:
    """Redirect all but sessions that permit the set-up."""

    @functools.wraps(view)
    def checked() -> Response:
        signed_in = session_or_none()
        if signed_in is None or signed_in.is_complete:
            return pages.redirect("/sign-in")
        if not signed_in.may_set_up:
            return pages.redirect("/sign-in/second-factor")
        return view()

    return checked


@sign_up.page("/set-up", public=True)
@_for_set_up
def choose() -> Response:
    """Offer the kinds of second factors, or continue with the backup codes."""
    if _protection().has_factor:
        return pages.redirect("/set-up/codes")
    return pages.render("accounts/set_up.html")


@sign_up.page("/set-up/passkey", methods=FORM, public=True)
@_for_set_up
def add_passkey() -> Response:
    """Add a passkey."""
    return factor_pages.add_passkey("/set-up/codes")


@sign_up.page("/set-up/authenticator", methods=FORM, public=True)
@_for_set_up
def set_authenticator() -> Response:
    """Set up an authenticator app."""
    return factor_pages.set_authenticator("/set-up/codes")


@sign_up.page("/set-up/codes", methods=FORM, public=True)
@_for_set_up
def codes() -> Response:
    """Show the backup codes, once."""
    if not _protection().has_factor:
        return pages.redirect("/set-up")
    return factor_pages.show_codes("/set-up/finish")


@sign_up.page("/set-up/finish", methods=("POST",), public=True)
@_for_set_up
def finish() -> Response:
    """Complete the sign-in, after the person confirmed that the codes are saved."""
    try:
        token = current_context().portal.sign_in.finish_set_up(current_session(), visit(), current_time())
    except ActionRefusedError:
        return pages.redirect("/set-up")
    cookies.keep(token)
    return pages.redirect("/")


def _protection() -> Protection:
    return current_context().portal.own_account.protection(current_session().person)

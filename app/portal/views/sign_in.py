"""Signing in and out."""

from flask import Response

from app.portal.views import cookies, pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.people import current_session
from app.web.context import current_context

sign_in = PortalBlueprint("sign_in")


@sign_in.page("/sign-in", methods=FORM, public=True)
def password() -> Response:
    """Ask for the address and the password."""
    return pages.render("sign_in.html")


@sign_in.page("/sign-out", methods=("POST",))
def sign_out() -> Response:
    """End the session."""
    current_context().portal.sessions.end(current_session().session_id)
    cookies.discard()
    return pages.redirect("/sign-in")

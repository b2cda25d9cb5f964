"""Signing in as somebody who does not exist, on development and review instances."""

from flask import Response, g, request

from app.domain.errors import PortalPageMissingError
from app.portal.demonstration import DEMONSTRATIONS
from app.portal.views import cookies, pages
from app.portal.views.blueprint import PortalBlueprint
from app.web.context import current_context, current_time

demonstration = PortalBlueprint("demonstration")


@demonstration.page("/demonstration", methods=("POST",), public=True)
def enter() -> Response:
    """Sign in as the person whose button was pressed."""
    name = request.form.get("person", "")
    if name not in DEMONSTRATIONS:
        raise PortalPageMissingError
    portal, now = current_context().portal, current_time()
    account_id = portal.demonstration.prepare(name, now)
    if g.signed_in is not None:
        portal.sessions.end(g.signed_in.session_id)
    cookies.keep(portal.sessions.begin(account_id, "", now, is_complete=True))
    g.language = DEMONSTRATIONS[name].language
    return pages.redirect("/")

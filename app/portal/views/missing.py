"""Addresses below `/en` and `/fr` that no page has."""

from flask import Response

from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint

missing = PortalBlueprint("missing")


@missing.page("/<path:address>", public=True, methods=FORM)
def no_such_page(address: str) -> Response:  # noqa: ARG001
    """Return the page for addresses that do not exist."""
    return pages.error("missing", 404)

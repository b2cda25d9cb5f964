"""The page that shows messages instead of sending them, on development and review instances."""

from flask import Response

from app.portal.service import Portal
from app.portal.views import pages
from app.portal.views.blueprint import PortalBlueprint
from app.web.context import current_context

outbox = PortalBlueprint("outbox")


def has_outbox(portal: Portal) -> bool:
    """Return whether messages of any kind are kept for the page; production refuses such settings."""
    return portal.settings.keeps_email or portal.settings.keeps_text_messages


@outbox.page("/outbox", public=True)
def messages() -> Response:
    """Show the newest messages."""
    return pages.render("outbox/outbox.html", messages=current_context().portal.mail.newest())

"""The pages of the portal."""

from app.portal.service import Portal
from app.portal.views.announcements import announcements
from app.portal.views.directory import directory
from app.portal.views.home import home
from app.portal.views.inviting import inviting
from app.portal.views.missing import missing
from app.portal.views.outbox import has_outbox, outbox
from app.portal.views.sign_in import sign_in
from app.portal.views.switches import switches
from app.web.blueprints import Blueprint


def portal_blueprints(portal: Portal) -> list[Blueprint]:
    """Return the routes of the portal."""
    blueprints = [home, sign_in, inviting, directory, switches, announcements, missing]
    if has_outbox(portal):
        blueprints.append(outbox)
    return [*blueprints]

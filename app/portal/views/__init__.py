"""The pages of the portal."""

from app.portal.service import Portal
from app.portal.views.account import account
from app.portal.views.confirmation import confirmation
from app.portal.views.home import home
from app.portal.views.missing import missing
from app.portal.views.outbox import has_outbox, outbox
from app.portal.views.password_links import password_links
from app.portal.views.sign_in import sign_in
from app.portal.views.sign_up import sign_up
from app.web.blueprints import Blueprint


def portal_blueprints(portal: Portal) -> list[Blueprint]:
    """Return the routes of the portal."""
    blueprints = [home, sign_in, password_links, sign_up, account, confirmation, missing]
    if has_outbox(portal):
        blueprints.append(outbox)
    return [*blueprints]

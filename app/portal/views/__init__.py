"""The pages of the portal."""

from app.portal.views.home import home
from app.portal.views.missing import missing
from app.portal.views.sign_in import sign_in
from app.web.blueprints import Blueprint


def portal_blueprints() -> list[Blueprint]:
    """Return the routes of the portal."""
    return [home, sign_in, missing]

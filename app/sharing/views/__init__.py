"""The pages of sharing, and the requests of their scripts."""

from app.sharing.views.exchange import exchange
from app.sharing.views.site import site
from app.web.blueprints import Blueprint


def sharing_blueprints() -> list[Blueprint]:
    """Return the routes of sharing."""
    return [site, exchange]

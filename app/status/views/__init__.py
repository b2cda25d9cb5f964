"""The public pages, their feed and their JSON."""

from app.status.views.figures import figures
from app.status.views.site import site
from app.web.blueprints import Blueprint


def status_blueprints() -> list[Blueprint]:
    """Return the routes of status."""
    return [site, figures]

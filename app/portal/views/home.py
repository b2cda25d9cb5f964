"""The address without a language, and what the application needs for the portal's cookie."""

from typing import TYPE_CHECKING, cast

from flask import Response

from app.portal.views.blueprint import PortalBlueprint
from app.portal.views.cookies import init_cookies
from app.web.languages import redirect_to_language
from app.web.security import authenticates_itself

if TYPE_CHECKING:
    from app.web.routing import Application

home = PortalBlueprint("home")
home.record(lambda state: init_cookies(cast("Application", state.app)))


@home.route("/portal")
@authenticates_itself
def choose_language() -> Response:
    """Redirect to the first page in the reader's language."""
    return redirect_to_language("", "/")

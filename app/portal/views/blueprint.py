"""The blueprint of all pages of the portal: it checks language, session, rights and forms before a view is called.

A page is `/en/…` and `/fr/…`. A page without a right of its own is for everyone who has signed in; `public=True` is for
everyone. The rules of all pages are in `PAGES`, from which a test takes its table.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, g, request, session
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import HTTPException
from wtforms import ValidationError

from app.domain.errors import IncidentMissingError, NotPermittedError, PortalPageMissingError, TooManyRequestsError
from app.domain.portal.rights import Right
from app.portal.views import pages
from app.portal.views.arguments import can_be_rows
from app.portal.views.people import current_person, current_session
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_time
from app.web.cross_site import is_cross_site
from app.web.errors import request_fields
from app.web.languages import LANGUAGE
from app.web.security import authenticates_itself

_logger = logging.getLogger(__name__)

View = Callable[..., Response]
READ: Final = ("GET", "HEAD")
FORM: Final = ("GET", "HEAD", "POST")
# The name of the button that requests a page in the other language, without losing what was typed.
SWITCH: Final = "switch_language"


@dataclass(frozen=True)
class Page:
    """The rules of a page."""

    endpoint: str
    rule: str
    right: Right | None
    methods: tuple[str, ...]
    is_public: bool
    needs_confirmation: bool


PAGES: Final[dict[str, Page]] = {}


class PortalBlueprint(Blueprint):
    """A group of pages."""

    def __init__(self, name: str) -> None:
        super().__init__(f"portal_{name}", __name__)
        self.after_request(pages.protect)
        self.register_error_handler(Exception, _fault)

    def page(
        self,
        rule: str,
        *,
        right: Right | None = None,
        methods: tuple[str, ...] = READ,
        public: bool = False,
        needs_confirmation: bool = False,
    ) -> Callable[[View], View]:
        """Register a page below `/en` and `/fr`.

        `needs_confirmation`: the person must have signed in, or confirmed who they are, in the last minutes.
        """

        def register(view: View) -> View:
            endpoint = f"{self.name}.{view.__name__}"
            rules = Page(endpoint, rule, right, methods, public, needs_confirmation)
            PAGES[endpoint] = rules

            @functools.wraps(view)
            def checked(language: str, **arguments: Any) -> Response:
                g.language = language
                refused = _check(rules)
                if refused is None and not can_be_rows(arguments):
                    raise PortalPageMissingError
                return refused or view(**arguments)

            self.route(f"/{LANGUAGE}{rule}", endpoint=view.__name__)(authenticates_itself(checked))
            return view

        return register


def _check(page: Page) -> Response | None:
    """Return the response to a request that a page does not accept, or None."""
    if request.method not in page.methods:
        return pages.error("method", 405, {"Allow": ", ".join(page.methods)})
    g.is_switch = request.method == "POST" and SWITCH in request.form
    resume_session()
    if not page.is_public:
        refused = _check_person(page)
        if refused is not None:
            return refused
    if request.method == "POST" and not _is_own_form():
        return pages.error("form", 400)
    return None


def _check_person(page: Page) -> Response | None:
    if g.signed_in is None or not g.signed_in.is_complete:
        return pages.to_sign_in()
    if page.right is not None and not current_person().may(page.right):
        return pages.error("right", 403)
    # A page in the other language does nothing, and one that shows a code once must not lose it.
    needs_confirmation = page.needs_confirmation and not g.is_switch
    if needs_confirmation and not current_session().is_confirmed(current_time()):
        if request.method != "POST":
            return pages.to_confirmation()
        # The page does nothing, as if it were shown in the other language, and keeps what was typed.
        g.is_switch = g.is_unproven = True
    return None


def resume_session() -> None:
    """Look the cookie's session up. `g.signed_in` is None if there is none."""
    token = session.get("token")
    g.signed_in = current_context().portal.sessions.resume(token, current_time()) if token else None


def _is_own_form() -> bool:
    if is_cross_site():
        return False
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError:
        return False
    return True


def _fault(error: Exception) -> Response:
    if isinstance(error, NotPermittedError):
        return pages.error("right", 403)
    if isinstance(error, (PortalPageMissingError, IncidentMissingError)):
        return pages.error("missing", 404)
    if isinstance(error, TooManyRequestsError):
        return pages.error("limit", 429, error.headers)
    if isinstance(error, HTTPException) and error.code and error.code < 500:
        return pages.error("form", error.code)
    _logger.error("request failed", exc_info=error, extra=request_fields())
    return pages.error("fault", 500)

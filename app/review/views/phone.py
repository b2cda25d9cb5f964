"""`/phone`: a page on which a reviewer simulates two phones, and the requests of its script."""

import dataclasses
import json

from flask import Response, request

from app.review.views.shared import (
    REQUEST_TIMEOUT_SECONDS,
    fault,
    render,
)
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_settings, current_time
from app.web.cross_site import is_cross_site
from app.web.i18n import load_catalogue
from app.web.languages import LANGUAGE, redirect_to_language
from app.web.pages import protect, static_version
from app.web.responses import json_text, plain_error

phone_pages = Blueprint("phone", __name__, url_prefix="/phone")
phone_pages.after_request(protect)
phone_pages.fault_response(fault)


@phone_pages.route("")
def choose_language() -> Response:
    """Redirect to the page in the reader's language."""
    return redirect_to_language("/phone")


@phone_pages.route(f"/{LANGUAGE}")
def phone(language: str) -> Response:
    """Show the page. The simulation runs in the browser."""
    texts, settings = load_catalogue("review", language), current_settings()
    data = {
        "locale": texts.locale,
        "exportMaxAgeSeconds": settings.retrieval.export_max_age_seconds,
        "exportPublicKey": current_context().review.export_public_key(),
        "requestTimeoutSeconds": REQUEST_TIMEOUT_SECONDS,
        "version": static_version(),
        "texts": texts.below("live."),
    }
    return render("review/phone.html", texts, "review", "/phone", data=data)


@phone_pages.route("/code")
def new_code() -> Response:
    """Issue a code to the page. A health authority's token is neither required nor shown."""
    if request.method != "POST":
        return plain_error("method not allowed", 405, {"Allow": "POST"})
    if is_cross_site():
        return plain_error("forbidden", 403)
    return json_text(json.dumps({"code": current_context().review.issue_code(current_time())}))


@phone_pages.route("/archive-address/<digits(5):day>")
def archive_address(day: str) -> Response:
    """Return the address of a day's archive, so that the page needs no key."""
    address = current_context().review.archive_address(day, current_time())
    return json_text(json.dumps(dataclasses.asdict(address)))

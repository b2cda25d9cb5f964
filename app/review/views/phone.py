"""`/phone`: a page on which a reviewer plays a patient and a contact, and what it asks of a review instance."""

import dataclasses
import json

from flask import Blueprint, Response, request

from app.web.clock import current_time
from app.web.errors import on_fault
from app.web.context import current_database, current_ring, current_settings
from app.web.i18n import LANGUAGES, load_catalogue
from app.web.pages import protect
from app.web.responses import json_text, plain_error
from app.review import service
from app.review.views.shared import answer_fault, is_from_elsewhere, lead_to_language, show
from app.web.routing import add_route

review = Blueprint("review", __name__, url_prefix="/phone")
review.after_request(protect)


def choose_language() -> Response:
    """Lead to the page in the reader's language."""
    return lead_to_language("/phone")


def phone(language: str) -> Response:
    """Show the page. Everything on it happens in the browser."""
    texts, settings = load_catalogue("review", language), current_settings()
    data = {
        "locale": texts.locale,
        "exportMaxAgeSeconds": settings.export_max_age_seconds,
        "exportPublicKey": service.export_public_key(settings),
        "texts": texts.below("live."),
    }
    return show("review/phone.html", texts, "review", data=data)


def new_code() -> Response:
    """Issue a code to the page; a health authority's token is not needed, and is not shown."""
    if request.method != "POST":
        return plain_error("method not allowed", 405, {"Allow": "POST"})
    if is_from_elsewhere():
        return plain_error("forbidden", 403)
    code = service.issue_review_code(current_database(), current_settings(), current_ring(), current_time())
    return json_text(json.dumps({"code": code}))


def archive_address(day: str) -> Response:
    """Tell the page where a day's archive is, so that it needs no key."""
    address = service.archive_address(current_settings(), day, current_time())
    return json_text(json.dumps(dataclasses.asdict(address)))


on_fault(review, answer_fault)
add_route(review, "", choose_language)
add_route(review, f"/<any({', '.join(LANGUAGES)}):language>", phone)
add_route(review, "/code", new_code)
add_route(review, "/archive-address/<digits(5):day>", archive_address)

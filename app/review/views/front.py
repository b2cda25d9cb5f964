"""`/`: the front page of a review instance, which names what runs there and offers everything there is to try."""

import dataclasses
import json

from flask import Blueprint, Response, request

from app.web.clock import current_time
from app.web.errors import on_fault
from app.web.context import current_database, current_ring, current_settings
from app.web.i18n import LANGUAGES, Catalogue, load_catalogue
from app.web.pages import protect
from app.web.responses import json_text
from app.review import service
from app.review.dates import lifetime, long_date, long_moment
from app.review.front import SHOWN_COMMIT_CHARACTERS, expiry, front_page, grouped, log_lines
from app.review.logs import MOST_LINES, PROCESSES
from app.review.views.shared import answer_fault, is_from_elsewhere, lead_to_language, refuse, show
from app.web.routing import add_route

front = Blueprint("front", __name__)
front.after_request(protect)


def choose_language() -> Response:
    """Lead to the page in the reader's language."""
    return lead_to_language("/review")


def page(language: str) -> Response:
    """Show the page."""
    return _page(load_catalogue("front", language))


def new_code(language: str) -> Response:
    """Issue a code: as JSON to the page's script, and as the page itself to a browser without scripts."""
    if request.method != "POST":
        return refuse(language, "method", 405, {"Allow": "POST"})
    if is_from_elsewhere():
        return refuse(language, "elsewhere", 403)
    texts, settings, now = load_catalogue("front", language), current_settings(), current_time()
    code = service.issue_review_code(current_database(), settings, current_ring(), now)
    until = long_moment(texts, expiry(settings, now))
    issued = {"code": grouped(code), "validity": texts("issue.validity", until=until)}
    if request.accept_mimetypes.best == "application/json":
        return json_text(json.dumps(issued))
    return _page(texts, issued)


def archive(day: str) -> Response:
    """Lead to a day's archive. Its address is good for an hour or two; this one stays."""
    address = service.archive_address(current_settings(), day, current_time())
    return Response(status=302, headers={"Location": address.path})


def logs() -> Response:
    """Tell the page's script the end of the log."""
    lines = log_lines(current_settings(), _process())
    return json_text(json.dumps({"lines": [dataclasses.asdict(line) for line in lines or ()]}))


def facts() -> Response:
    """Tell a smoke test what runs here, and what an app would know already."""
    settings = current_settings()
    known = {
        "pullRequest": settings.pull_request,
        "branch": settings.branch,
        "revision": settings.revision,
        "exportMaxAgeSeconds": settings.export_max_age_seconds,
        "exportPublicKey": service.export_public_key(settings),
    }
    return json_text(json.dumps(known))


def _process() -> str:
    wanted = request.args.get("process", "")
    return wanted if wanted in PROCESSES else ""


def _page(texts: Catalogue, issued: dict[str, str] | None = None) -> Response:
    settings = current_settings()
    process = _process()
    data = {
        "locale": texts.locale,
        "revision": settings.revision,
        "exportMaxAgeSeconds": settings.export_max_age_seconds,
        "exportPublicKey": service.export_public_key(settings),
        # The smoke test is a phone, and says what a phone says.
        "texts": load_catalogue("review", texts.language).below("live.") | texts.below("live."),
    }
    return show(
        "front/front.html",
        texts,
        "front",
        data=data,
        content=front_page(current_database(), settings, process, current_time()),
        settings=settings,
        commit=settings.revision[:SHOWN_COMMIT_CHARACTERS],
        address=request.host_url.rstrip("/"),
        lifetime=lifetime(texts, settings.one_time_code_expiry_minutes),
        issued=issued,
        process=process,
        processes=PROCESSES,
        most_lines=MOST_LINES,
        long_date=lambda day: long_date(texts, day),
    )


on_fault(front, answer_fault)
add_route(front, "/", choose_language)
add_route(front, f"/review/<any({', '.join(LANGUAGES)}):language>", page)
add_route(front, f"/review/<any({', '.join(LANGUAGES)}):language>/code", new_code)
add_route(front, "/review/archives/<digits(5):day>", archive)
add_route(front, "/review/logs.json", logs)
add_route(front, "/review/facts.json", facts)

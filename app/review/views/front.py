"""`/`: the front page of a review instance, which shows the deployed build and what can be tried."""

import dataclasses
import json
import re
from typing import Final

from flask import Response, current_app, request

from app.config import PORTAL
from app.domain.codes import code_groups
from app.review.logs import MAX_LINES, PROCESSES
from app.review.views.shared import (
    REQUEST_TIMEOUT_SECONDS,
    fault,
    refuse,
    render,
)
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_settings, current_time
from app.web.cross_site import is_cross_site
from app.web.dates import duration, long_date, long_moment
from app.web.i18n import Catalogue, load_catalogue
from app.web.languages import LANGUAGE, redirect_to_language
from app.web.pages import protect
from app.web.responses import json_text

_PARAMETER: Final = re.compile(r"<(?:[^<>]+:)?([a-z_]+)>")

front = Blueprint("front", __name__)
front.after_request(protect)
front.fault_response(fault)


@front.route("/")
def choose_language() -> Response:
    """Redirect to the page in the reader's language."""
    return redirect_to_language("/review")


@front.route(f"/review/{LANGUAGE}")
def page(language: str) -> Response:
    """Show the page."""
    return _page(load_catalogue("front", language))


@front.route(f"/review/{LANGUAGE}/code")
def new_code(language: str) -> Response:
    """Issue a code: as JSON for the page's script, or as the page itself for a browser without scripts."""
    if request.method != "POST":
        return refuse(language, "method", 405, {"Allow": "POST"})
    if is_cross_site():
        return refuse(language, "elsewhere", 403)
    texts, review, now = load_catalogue("front", language), current_context().review, current_time()
    until = long_moment(texts, review.code_expiry(now))
    code, validity = review.issue_code(now), texts("issue.validity", until=until)
    if request.accept_mimetypes.best == "application/json":
        return json_text(json.dumps({"code": code, "validity": validity}))
    return _page(texts, {"groups": code_groups(code), "validity": validity})


@front.route("/review/archives/<digits(5):day>")
def archive(day: str) -> Response:
    """Redirect to a day's archive, whose address changes every hour."""
    address = current_context().review.archive_address(day, current_time())
    return Response(status=302, headers={"Location": address.path})


@front.route("/review/logs.json")
def logs() -> Response:
    """Return the last lines of the log to the page's script."""
    lines = current_context().review.log_lines(_process())
    return json_text(json.dumps({"lines": [dataclasses.asdict(line) for line in lines or ()]}))


@front.route("/review/facts.json")
def facts() -> Response:
    """Return the deployed build and the data that is built into an app, for smoke tests."""
    settings = current_settings()
    known = {
        "pullRequest": settings.review.pull_request,
        "branch": settings.branch,
        "revision": settings.revision,
        "exportMaxAgeSeconds": settings.retrieval.export_max_age_seconds,
        "exportPublicKey": current_context().review.export_public_key(),
        "portal": settings.serves(PORTAL),
    }
    return json_text(json.dumps(known))


def _served_paths() -> frozenset[str]:
    """Return the paths of this process's routes as OpenAPI writes them: `<digits(5):day>` is `{day}`."""
    rules = (rule.rule for rule in current_app.url_map.iter_rules())
    return frozenset(_PARAMETER.sub(r"{\1}", rule) for rule in rules)


def _process() -> str:
    wanted = request.args.get("process", "")
    return wanted if wanted in PROCESSES else ""


def _page(texts: Catalogue, issued: dict[str, object] | None = None) -> Response:
    settings, review, process = current_settings(), current_context().review, _process()
    data = {
        "locale": texts.locale,
        "revision": settings.revision,
        "exportMaxAgeSeconds": settings.retrieval.export_max_age_seconds,
        "exportPublicKey": review.export_public_key(),
        "requestTimeoutSeconds": REQUEST_TIMEOUT_SECONDS,
        # Scripts that both pages use have their texts in the group of the phones.
        "texts": load_catalogue("review", texts.language).below("live.") | texts.below("live."),
    }
    return render(
        "front/front.html",
        texts,
        "front",
        "/review",
        data=data,
        content=review.front_page(_served_paths(), process, current_time()),
        address=request.host_url.rstrip("/"),
        lifetime=duration(texts, settings.submission.one_time_code_expiry_minutes),
        issued=issued,
        process=process,
        processes=PROCESSES,
        most_lines=MAX_LINES,
        long_date=lambda day: long_date(texts, day),
    )

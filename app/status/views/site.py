"""The routes of the status page. Every response is public and the same for everyone: no cookie, no session."""

from typing import Final

from flask import Response, request

from app.domain.incidents.public import PublicIncident
from app.domain.incidents.reports import SECTIONS
from app.domain.portal import suppression
from app.status.document import StatusDocument, to_json
from app.status.views.bars import HEIGHT, WIDTH, draw_bars, every_day, share_of
from app.status.views.feed import atom_feed
from app.status.views.formats import Formats
from app.status.views.respond import (
    CACHE_CONTROL,
    Values,
    accept_only_reading,
    formats_of,
    missing,
    protect,
    respond,
    show,
    show_information,
    unavailable,
)
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_settings, current_time
from app.web.i18n import LANGUAGES
from app.web.languages import LANGUAGE, preferred_language, redirect_to_language
from app.web.responses import plain_error

_RECENT_INCIDENTS: Final = 5

site = Blueprint("status", __name__)
site.before_request(accept_only_reading)
site.after_request(protect)


@site.route("/status")
def choose_language() -> Response:
    """Redirect to the page in the reader's language."""
    response = redirect_to_language("/status")
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


@site.route(f"/status/{LANGUAGE}")
def overview(language: str) -> Response:
    """Show the state of every part, its history, the objectives, and recent incidents."""
    return show(language, "", "status/overview.html", _overview)


@site.route(f"/status/{LANGUAGE}/incidents")
def incidents(language: str) -> Response:
    """Show all incidents."""
    return show(language, "/incidents", "status/incidents.html", lambda *_: {})


@site.route(f"/status/{LANGUAGE}/incidents/<int:number>")
def incident(language: str, number: int) -> Response:
    """Show an incident, and its report once that is published."""

    def values(document: StatusDocument, formats: Formats) -> Values:
        return _incident(document.incidents_by_number[number], formats)

    return show(
        language,
        f"/incidents/{number}",
        "status/incident.html",
        values,
        exists=lambda document: number in document.incidents_by_number,
    )


@site.route(f"/status/{LANGUAGE}/privacy")
def privacy(language: str) -> Response:
    """State what is known of readers, and what is published."""
    return show_information(language, "privacy", {"threshold": suppression.THRESHOLD})


@site.route(f"/status/{LANGUAGE}/accessibility")
def accessibility(language: str) -> Response:
    """State how accessible the pages are, how that is tested, and where to report a barrier."""
    return show_information(language, "accessibility", {})


@site.route(f"/status/{LANGUAGE}/feed.atom")
def feed(language: str) -> Response:
    """Return incidents and planned work as an Atom feed."""
    now, settings = current_time(), current_settings().status
    document = current_context().status.document(now)
    if document is None:
        return unavailable(language)
    base = (settings.status_url or request.host_url).rstrip("/")

    def render() -> bytes:
        return atom_feed(document, formats_of(language), base, settings.status_names[language])

    return respond(document, now, (language, f"feed of {base}"), render, "application/atom+xml; charset=utf-8")


@site.route("/status.json")
def status_json() -> Response:
    """Return the document itself, also to scripts of other sites."""
    now = current_time()
    document = current_context().status.document(now)
    if document is None:
        response = plain_error("service unavailable", 503, {"Cache-Control": "no-store", "Retry-After": "30"})
    else:
        response = respond(document, now, ("", "json"), lambda: to_json(document), "application/json; charset=utf-8")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@site.route("/status/<anything:rest>")
def unknown(rest: str) -> Response:
    """Answer every other path below /status with a page in its language."""
    language = rest.partition("/")[0]
    if rest == "":
        return choose_language()
    if language in LANGUAGES:
        return missing(language)
    response = missing(preferred_language())
    response.vary.add("Accept-Language")
    return response


def _overview(document: StatusDocument, formats: Formats) -> Values:
    today = formats.day_of(document.written_at)
    days = {part.name: every_day(part.days, today) for part in document.parts}
    return {
        "days": days,
        "rows": list(zip(*(reversed(each) for each in days.values()), strict=True)),  # of the table, newest first
        "bars_of": {name: draw_bars(each) for name, each in days.items()},
        "bars_size": (WIDTH, HEIGHT),
        "shares": {name: share_of(each) for name, each in days.items()},
        "recent": document.past_incidents[:_RECENT_INCIDENTS],
    }


def _incident(found: PublicIncident, formats: Formats) -> Values:
    report = found.report
    sections = report.sections.get(formats.texts.language, {}) if report else {}
    return {
        "incident": found,
        "timeline": report.timeline if report else found.events,
        "report_sections": [
            {"name": name, "paragraphs": formats.paragraphs_of(text)}
            for name in SECTIONS
            if (text := sections.get(name))
        ],
    }

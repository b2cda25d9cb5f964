"""`/events`: counts of one day for operators, as JSON (section K)."""

import datetime
import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Response, request

from app.web.blueprints import Blueprint
from app.web.context import current_context, current_time
from app.web.rate_limits import EVENTS, limit_network
from app.web.responses import NO_STORE, json_text, plain_error
from app.web.security import allow_only, requires_metrics_credentials

events = Blueprint("events", __name__, url_prefix="/events")
events.before_request(lambda: limit_network(EVENTS, current_time()))
events.plain_text_limits()

# The public server answers 400 while its database is unavailable, which blames the client (D7).
_FAULTS: Final = {
    "events.events_of_day": "error retrieving events",
    "events.uploads_of_day": "error retrieving upload events",
    "events.durations_of_day": "error retrieving duration events",
}


@events.route("/<date:date>")
@requires_metrics_credentials
@allow_only("GET")
def events_of_day(date: str) -> Response:
    """Return the events that servers counted (rule 95)."""
    counts = current_context().retrieval.counts
    return _respond(
        date,
        lambda day: [
            _row(source=c.source, date=date, count=c.count, identifier=c.identifier) for c in counts.events(day)
        ],
    )


@events.route("/uploads/<date:date>")
@requires_metrics_credentials
@allow_only("GET")
def uploads_of_day(date: str) -> Response:
    """Return the number of new keys of each upload (rule 70)."""
    counts = current_context().retrieval.counts
    return _respond(
        date,
        lambda day: [
            _row(source=c.source, date=date, count=c.count, first_upload=c.first_upload) for c in counts.uploads(day)
        ],
    )


@events.route("/otkdurations/<date:date>")
@requires_metrics_credentials
@allow_only("GET")
def durations_of_day(date: str) -> Response:
    """Return how many hours old the claimed codes were (rule 41)."""
    counts = current_context().retrieval.counts
    return _respond(
        date,
        lambda day: [_row(source=c.source, date=date, hours=c.hours, count=c.count) for c in counts.durations(day)],
    )


def _row(**fields: object) -> dict[str, object]:
    """Return a row of the response; its keys are in the order in which they are given (rule 92)."""
    return fields


def _respond(text: str, read: Callable[[datetime.date], Iterable[dict[str, Any]]]) -> Response:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return plain_error("error parsing date", 400)
    return json_text(json.dumps(list(read(day)), separators=(",", ":")), NO_STORE)


@events.fault_response
def _fault() -> Response:
    return plain_error(_FAULTS[request.endpoint or ""], 500)

"""`/events`: an operator's figures of one day, as JSON (protocol section K)."""

import datetime
import json
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from app.web.clock import current_time
from app.web.errors import on_fault
from app.web.context import current_database
from app.web.rate_limits import EVENTS, answer_in_plain_text, limit_network
from app.web.responses import NO_STORE, json_text, plain_error
from app.web.routing import add_route
from app.web.security import only, requires_metrics_credentials
from app.store import counters

events = Blueprint("events", __name__, url_prefix="/events")

# The public server answers 400 to a failing database; a caller must not take that for its own mistake (D7).
_FAULTS: Final = {
    "events.events_of_day": "error retrieving events",
    "events.uploads_of_day": "error retrieving upload events",
    "events.durations_of_day": "error retrieving duration events",
}


@requires_metrics_credentials
@only("GET")
def events_of_day(date: str) -> Response:
    """What servers counted (rule 95)."""
    return _figures(date, counters.events_of)


@requires_metrics_credentials
@only("GET")
def uploads_of_day(date: str) -> Response:
    """How many keys each upload brought (rule 70)."""
    return _figures(date, counters.uploads_of)


@requires_metrics_credentials
@only("GET")
def durations_of_day(date: str) -> Response:
    """How many hours claimed codes had waited (rule 41)."""
    return _figures(date, counters.durations_of)


def _figures(text: str, read: Callable[[Connection, datetime.date], list[dict[str, object]]]) -> Response:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return plain_error("error parsing date", 400)
    with current_database().single() as connection:
        rows = read(connection, day)
    return json_text(json.dumps(rows, separators=(",", ":")), NO_STORE)


events.before_request(lambda: limit_network(EVENTS, current_time()))
answer_in_plain_text(events)
on_fault(events, lambda: plain_error(_FAULTS[request.endpoint or ""], 500))
add_route(events, "/<date:date>", events_of_day)
add_route(events, "/uploads/<date:date>", uploads_of_day)
add_route(events, "/otkdurations/<date:date>", durations_of_day)

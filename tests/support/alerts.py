"""Alerts of outbreaks, as people send them in the portal, for its tests."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.portal.alerts import Period
from app.domain.portal.people import Person
from app.portal.alerts import NewAlert
from app.portal.places import RegisteredPlace
from tests.support.places import officer_id
from tests.support.portal import Visitor, person_with
from tests.support.service import Service

HOUR = timedelta(hours=1)
# 8:00 to 10:30 in Ontario.
FIELDS = {
    "start_date": "2026-06-30",
    "start_time": "08:00",
    "end_date": "2026-06-30",
    "end_time": "10:30",
    "severity": "1",
}
START, END = datetime(2026, 6, 30, 12, tzinfo=UTC), datetime(2026, 6, 30, 14, 30, tzinfo=UTC)


def stored(portal: Service) -> list[tuple[Any, ...]]:
    """Return the alerts of the portal."""
    return [tuple(row) for row in portal.rows("SELECT starts, ends, severity, state FROM portal_alerts ORDER BY id")]


def events(portal: Service) -> list[tuple[Any, ...]]:
    """Return the events that submission stored."""
    query = "SELECT location_id, originator, start_time, end_time, severity FROM qr_outbreak_events ORDER BY id"
    return [tuple(row) for row in portal.rows(query)]


def confirm(visitor: Visitor, place: RegisteredPlace, **changes: str) -> Any:
    """Send the form and the page to confirm; return the response to the last one that was sent."""
    page = f"/en/places/{place.id}/alert"
    values = {"request_id": str(uuid.uuid4())} | FIELDS | changes
    response = visitor.post(page, **values)
    return visitor.post(page, step="send", **values) if "Send this alert?" in response.text else response


def actor(portal: Service, name: str = "actor", jurisdiction: str = "ON") -> Person:
    """Return a new person who may send alerts."""
    return person_with(portal, officer_id(portal, jurisdiction, name))


def new_alert(place: RegisteredPlace, starts: datetime = START, ends: datetime = END, **fields: Any) -> NewAlert:
    """Return an alert with an identifier of its own."""
    values = {"request_id": uuid.uuid4(), "severity": 1} | fields
    return NewAlert(place.id, period=Period(starts, ends), **values)

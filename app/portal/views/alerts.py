"""Alerts about a place: dates and times, a page to confirm, sending, and the history."""

import uuid
from typing import Any

from flask import Response, request
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired

from app.domain.errors import ActionRefusedError
from app.domain.portal.alerts import SEVERITIES, AlertProblem, Period
from app.domain.portal.rights import Right
from app.portal.alerts import REASONS, NewAlert
from app.portal.places import RegisteredPlace
from app.portal.views import pages
from app.portal.views.arguments import number_argument
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.moments import date_field, instant_from, offer_times, time_field
from app.portal.views.people import current_person
from app.web.context import current_context, current_time

alerts = PortalBlueprint("alerts")


class AlertForm(Form):
    """An alert. `step` is `send` on the page to confirm, whose fields are hidden."""

    start_date = date_field("alerts.error.date")
    start_time = time_field()
    end_date = date_field("alerts.error.date")
    end_time = time_field()
    severity = RadioField(validators=[InputRequired("alerts.error.severity")])
    request_id = HiddenField()

    @classmethod
    def new(cls) -> "AlertForm":
        """Return the form with its choices."""
        form, texts = cls(start_time="12:00", end_time="12:30", request_id=str(uuid.uuid4())), pages.texts()
        offer_times(form.start_time, form.end_time)
        form.severity.choices = [(str(each), texts(f"alerts.severity.{each}")) for each in SEVERITIES]
        return form

    def alert(self, place: RegisteredPlace) -> NewAlert | None:
        """Return the alert; None, with an error at a field, if its times are impossible."""
        zone = place.jurisdiction.zone
        starts = instant_from(self.start_date, self.start_time, zone)
        ends = instant_from(self.end_date, self.end_time, zone, is_end=True)
        if starts is None or ends is None:
            return None
        return NewAlert(place.id, _identifier(self.request_id.data), Period(starts, ends), int(self.severity.data))

    def refuse(self, reason: str) -> None:
        """Show why an alert is not possible, at the field where it can be corrected."""
        is_of_end = reason in (REASONS[AlertProblem.ORDER], REASONS[AlertProblem.FUTURE])
        field: Any = self.end_date if is_of_end else self.start_date
        field.errors = [reason]


@alerts.page("/places/<int:number>/alert", right=Right.OUTBREAKS, methods=FORM, needs_confirmation=True)
def new(number: int) -> Response:
    """Ask for an alert, show it for confirmation, then record and send it."""
    actor, portal, now = current_person(), current_context().portal, current_time()
    place = portal.places.find(actor, number)
    portal.places.check(actor, place.jurisdiction.code)
    form = AlertForm.new()
    if not submitted(form) or (alert := form.alert(place)) is None:
        return _form_page(form, place)
    step = request.form.get("step")
    try:
        if step == "send":
            recorded = portal.alerts.record(actor, alert, now)
            portal.alerts.send(actor, recorded, now)
            return pages.redirect(f"/alerts/{recorded}")
        portal.alerts.check(place, alert.period, now)
    except ActionRefusedError as error:
        form.refuse(error.reason)
        return _form_page(form, place)
    if step == "change":
        return _form_page(form, place)
    return pages.render("places/confirm.html", place=place, alert=alert, form=form, form_id="alert-form")


@alerts.page("/alerts", right=Right.OUTBREAKS)
def history() -> Response:
    """List alerts."""
    viewer, portal = current_person(), current_context().portal
    if not portal.places.is_open_to(viewer):
        return pages.render("places/off.html", 403)
    listed, following = portal.alerts.newest(viewer, number_argument("before"))
    return pages.render("places/alerts.html", alerts=listed, following=following)


@alerts.page("/alerts/<int:number>", right=Right.OUTBREAKS)
def alert(number: int) -> Response:
    """Show what has become of an alert."""
    viewer, portal = current_person(), current_context().portal
    found = portal.alerts.find(viewer, number)
    portal.places.check(viewer, found.place.jurisdiction.code)
    return pages.render("places/alert.html", alert=found)


@alerts.page("/alerts/<int:number>/send", right=Right.OUTBREAKS, methods=("POST",))
def send(number: int) -> Response:
    """Send an alert that could not be sent before."""
    current_context().portal.alerts.send(current_person(), number, current_time())
    return pages.redirect(f"/alerts/{number}")


def _form_page(form: AlertForm, place: RegisteredPlace) -> Response:
    return pages.render("places/alert_form.html", form=form, form_id="alert-form", place=place)


def _identifier(raw: str | None) -> uuid.UUID:
    """Return the identifier of a form; a new one if it is malformed."""
    try:
        return uuid.UUID(raw or "")
    except ValueError:
        return uuid.uuid4()

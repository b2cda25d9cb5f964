"""Incidents of the service, for the team that operates it."""

from collections.abc import Callable
from datetime import datetime

from flask import Response

from app.domain.errors import IncidentRefusedError
from app.domain.portal.rights import Right
from app.incidents.service import Incidents
from app.incidents.texts import event_language, event_text
from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import submitted
from app.portal.views.incident_forms import IncidentForm, NoteForm
from app.portal.views.people import current_person
from app.web.context import current_context, current_time

incidents = PortalBlueprint("incidents")

_CONFLICT = 409


@incidents.page("/incidents", right=Right.INCIDENTS)
def overview() -> Response:
    """List incidents, those that are ongoing first."""
    return pages.render("incidents/incidents.html", listed=_service().newest())


@incidents.page("/incidents/new", right=Right.INCIDENTS, methods=FORM)
def new() -> Response:
    """Open an incident; a title in one language is enough."""
    form = IncidentForm.of(None)
    if submitted(form) and (opening := form.opening()):
        number = _service().open(opening, _actor(), current_time())
        return pages.redirect(f"/incidents/{number}")
    return pages.render("incidents/form.html", form=form, form_id="incident-form", number=None)


@incidents.page("/incidents/<int:number>", right=Right.INCIDENTS, methods=FORM)
def incident(number: int) -> Response:
    """Show an incident with its timeline, to which a note can be added."""
    form = NoteForm()
    if submitted(form) and form.has_text():
        texts = form.text.data or "", form.text_fr.data or ""
        _service().note(number, texts[0], _actor(), current_time(), text_fr=texts[1], is_public=form.is_public.data)
        return pages.redirect(f"/incidents/{number}")
    return _incident_page(number, form)


@incidents.page("/incidents/<int:number>/edit", right=Right.INCIDENTS, methods=FORM)
def edit(number: int) -> Response:
    """Change the titles, the impact and the parts of an incident."""
    service = _service()
    found = service.find(number, current_time()).incident
    form = IncidentForm.of(found)
    if submitted(form) and (opening := form.opening()):
        try:
            service.describe(number, opening, form.revision.data or "", _actor(), current_time())
        except IncidentRefusedError as error:
            form.form_errors.append(f"incidents.error.{error.reason}")
            form.revision.data = found.revision  # to be sent once more, after the person has compared both
        else:
            return pages.redirect(f"/incidents/{number}")
    return pages.render("incidents/form.html", form=form, form_id="incident-form", number=number)


@incidents.page("/incidents/<int:number>/acknowledge", right=Right.INCIDENTS, methods=("POST",))
def acknowledge(number: int) -> Response:
    """Record that the person attends to the incident."""
    return _step(number, _service().acknowledge)


@incidents.page("/incidents/<int:number>/mitigate", right=Right.INCIDENTS, methods=("POST",))
def mitigate(number: int) -> Response:
    """Record that users are no longer affected."""
    return _step(number, _service().mitigate)


@incidents.page("/incidents/<int:number>/reopen", right=Right.INCIDENTS, methods=("POST",))
def reopen(number: int) -> Response:
    """Record that users are affected again."""
    return _step(number, _service().reopen)


@incidents.page("/incidents/<int:number>/resolve", right=Right.INCIDENTS, methods=("POST",))
def resolve(number: int) -> Response:
    """Record that the incident is over; the service drafts the report."""
    return _step(number, _service().resolve)


def _step(number: int, action: Callable[[int, str, datetime], None]) -> Response:
    try:
        action(number, _actor(), current_time())
    except IncidentRefusedError as error:
        form = NoteForm(formdata=None)
        form.form_errors.append(f"incidents.error.{error.reason}")
        return _incident_page(number, form, _CONFLICT)
    return pages.redirect(f"/incidents/{number}")


def _incident_page(number: int, form: NoteForm, status: int = 200) -> Response:
    details = _service().find(number, current_time())
    language = pages.texts().language
    return pages.render(
        "incidents/incident.html",
        status,
        details=details,
        events=[(each, event_text(each, language), event_language(each, language)) for each in details.events],
        form=form,
        form_id="note-form",
    )


def _service() -> Incidents:
    return current_context().incidents


def _actor() -> str:
    return current_person().email

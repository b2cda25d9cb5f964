"""Reports of incidents: one person writes, another reads, then they are published."""

from flask import Response, request

from app.domain.errors import IncidentMissingError, IncidentRefusedError
from app.domain.incidents.reports import LANGUAGES, SECTIONS, Draft
from app.domain.incidents.states import REVIEWERS
from app.domain.portal.rights import Right
from app.incidents.records import Details
from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.incident_forms import report_form
from app.portal.views.people import current_person
from app.web.context import current_context, current_time

incident_reports = PortalBlueprint("incident_reports")

_CONFLICT = 409


@incident_reports.page("/incidents/<int:number>/report", right=Right.INCIDENTS)
def report(number: int) -> Response:
    """Show the report to its readers, who confirm that they have read it."""
    return _report_page(number)


@incident_reports.page("/incidents/<int:number>/report/edit", right=Right.INCIDENTS, methods=FORM)
def edit(number: int) -> Response:
    """Change the report in both languages."""
    details, draft = _find(number)
    form = report_form(draft)
    if submitted(form):
        try:
            current_context().incidents.reports.change(
                number, form.report(), _revision(), current_person().email, current_time()
            )
        except IncidentRefusedError as error:
            form.form_errors.append(f"incidents.error.{error.reason}")
            form.revision.data = str(draft.revision)  # to be sent once more, after the person has compared both
        else:
            return pages.redirect(f"/incidents/{number}/report")
    return pages.render(
        "incidents/report_form.html",
        details=details,
        form=form,
        form_id="report-form",
        sections=SECTIONS,
        languages=LANGUAGES,
    )


@incident_reports.page("/incidents/<int:number>/report/read", right=Right.INCIDENTS, methods=("POST",))
def read(number: int) -> Response:
    """Record that the person has read the report."""
    reports = current_context().incidents.reports
    try:
        reports.read(number, _revision(), current_person().email, current_time())
    except IncidentRefusedError as error:
        return _report_page(number, error)
    return pages.redirect(f"/incidents/{number}/report")


@incident_reports.page("/incidents/<int:number>/report/publish", right=Right.INCIDENTS, methods=("POST",))
def publish(number: int) -> Response:
    """Publish the report, as it was read."""
    reports = current_context().incidents.reports
    try:
        reports.publish(number, _revision(), current_person().email, current_time())
    except IncidentRefusedError as error:
        return _report_page(number, error)
    return pages.redirect(f"/incidents/{number}/report")


def _report_page(number: int, refused: IncidentRefusedError | None = None) -> Response:
    details, draft = _find(number)
    form = Form(formdata=None)
    if refused:
        form.form_errors.append(f"incidents.error.{refused.reason}")
    return pages.render(
        "incidents/report.html",
        _CONFLICT if refused else 200,
        form=form,
        details=details,
        draft=draft,
        is_read=draft.is_read(REVIEWERS),
        may_read=draft.editor != current_person().email and draft.report.is_complete(),
        sections=SECTIONS,
        languages=LANGUAGES,
    )


def _find(number: int) -> tuple[Details, Draft]:
    """Return an incident and its report; raise IncidentMissingError without either."""
    details = current_context().incidents.find(number, current_time())
    if details.draft is None:
        raise IncidentMissingError
    return details, details.draft


def _revision() -> int:
    """Return the revision that the person started from; -1 if it is not a number."""
    return request.form.get("revision", default=-1, type=int)

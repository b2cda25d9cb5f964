"""Announcements: published by superusers, dismissed by their readers."""

from datetime import timedelta
from typing import Final

from flask import Response, request, session
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from app.domain.errors import ActionRefusedError
from app.domain.portal.local_times import STEP_MINUTES
from app.domain.portal.rights import Right
from app.portal.announcements import LEVELS, Content
from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.moments import date_field, field_values, instant_from, offer_times, time_field
from app.portal.views.people import current_person
from app.portal.views.people_forms import jurisdiction_choices
from app.web.context import current_context, current_time

announcements = PortalBlueprint("announcements")

_MAX_CHARACTERS: Final = 1000
_TOO_LONG: Final = "announcements.error.long"


class AnnouncementForm(Form):
    """An announcement, in both languages."""

    text_en = TextAreaField(
        validators=[DataRequired("announcements.error.text_en"), Length(max=_MAX_CHARACTERS, message=_TOO_LONG)]
    )
    text_fr = TextAreaField(
        validators=[DataRequired("announcements.error.text_fr"), Length(max=_MAX_CHARACTERS, message=_TOO_LONG)]
    )
    level = RadioField()
    jurisdiction = SelectField()
    start_date = date_field("announcements.error.date")
    start_time = time_field()
    end_date = date_field("announcements.error.date")
    end_time = time_field()
    revision = HiddenField()  # with which the person began

    @classmethod
    def of(cls, content: Content) -> "AnnouncementForm":
        """Return the form with the values of an announcement."""
        zone = current_person().jurisdiction.zone
        start_date, start_time = field_values(content.starts, zone)
        end_date, end_time = field_values(content.ends, zone)
        form = cls(
            data={
                **content.__dict__,
                "revision": content.revision,
                "jurisdiction": content.jurisdiction or "",
                "start_date": start_date,
                "start_time": start_time,
                "end_date": end_date,
                "end_time": end_time,
            }
        )
        texts = pages.texts()
        form.level.choices = [(level, texts(f"announcements.level.{level}")) for level in LEVELS]
        form.jurisdiction.choices = [("", texts("people.all")), *jurisdiction_choices()]
        offer_times(form.start_time, form.end_time)
        return form

    def content(self) -> Content | None:
        """Return the announcement; None, with an error at a field, if its times are impossible."""
        zone = current_person().jurisdiction.zone
        starts = instant_from(self.start_date, self.start_time, zone)
        ends = instant_from(self.end_date, self.end_time, zone, is_end=True)
        if starts is None or ends is None:
            return None
        if ends <= starts:
            self.end_date.errors = ["announcements.error.order"]
            return None
        jurisdiction = self.jurisdiction.data or None
        return Content(self.level.data, self.text_en.data or "", self.text_fr.data or "", jurisdiction, starts, ends)


@announcements.page("/announcements", right=Right.EVERYWHERE)
def overview() -> Response:
    """List announcements."""
    listed = current_context().portal.announcements.newest()
    return pages.render(
        "announcements/announcements.html",
        listed=listed,
        now=current_time(),
        jurisdictions=dict(jurisdiction_choices()),
    )


@announcements.page("/announcements/new", right=Right.EVERYWHERE, methods=FORM)
def new() -> Response:
    """Publish an announcement; the form proposes a day from now on."""
    now = current_time()
    starts = now.replace(minute=now.minute // STEP_MINUTES * STEP_MINUTES, second=0, microsecond=0)
    form = AnnouncementForm.of(Content("information", "", "", None, starts, starts + timedelta(days=1)))
    if submitted(form) and (content := form.content()):
        current_context().portal.announcements.publish(current_person(), content, now)
        return pages.redirect("/announcements")
    return _form_page(form, "announcements.new")


@announcements.page("/announcements/<int:number>", right=Right.EVERYWHERE, methods=FORM)
def edit(number: int) -> Response:
    """Change an announcement."""
    service = current_context().portal.announcements
    found = service.find(number, current_time())
    form = AnnouncementForm.of(found)
    if submitted(form) and (content := form.content()):
        try:
            service.change(current_person(), number, content, form.revision.data or "", current_time())
        except ActionRefusedError as error:
            form.form_errors.append(error.reason)
            form.revision.data = found.revision  # to be sent once more, after the person has compared both
        else:
            return pages.redirect("/announcements")
    return _form_page(form, "announcements.edit")


@announcements.page("/announcements/<int:number>/end", right=Right.EVERYWHERE, methods=("POST",))
def end(number: int) -> Response:
    """End an announcement now."""
    current_context().portal.announcements.end(current_person(), number, current_time())
    return pages.redirect("/announcements")


@announcements.page("/announcements/<int:number>/dismiss", methods=("POST",))
def dismiss(number: int) -> Response:
    """Hide an announcement from the person until they sign in again."""
    shown = {each.id for each in pages.current_announcements()}
    # Only numbers of current announcements are kept, so the cookie stays small.
    session["dismissed"] = sorted(shown & {*session.get("dismissed", []), number})
    return pages.redirect(pages.next_path(request.form.get("next", "/")))


def _form_page(form: AnnouncementForm, title: str) -> Response:
    zone = current_person().jurisdiction
    return pages.render(
        "announcements/form.html", form=form, form_id="announcement-form", title=title, jurisdiction=zone
    )

"""The forms of incidents and their reports."""

from typing import Any, Final

from flask import request
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.domain.incidents.reports import LANGUAGES, MAX_ACTIONS, MAX_SECTION, SECTIONS, Action, Draft, Report
from app.domain.incidents.states import Impact
from app.domain.incidents.timeline import MAX_NOTE
from app.domain.status import PARTS
from app.incidents.records import IncidentRecord
from app.incidents.service import MAX_TITLE, Opening
from app.portal.views import pages
from app.portal.views.forms import Form

_BLANK_ACTIONS: Final = 2  # that a form offers after those there are
_MAX_OWNER: Final = 100
_TOO_LONG: Final = "incidents.error.long"


class IncidentForm(Form):
    """An incident: titles, impact, and the parts that are affected."""

    title_en = StringField(validators=[Length(max=MAX_TITLE, message=_TOO_LONG)])
    title_fr = StringField(validators=[Length(max=MAX_TITLE, message=_TOO_LONG)])
    impact = RadioField(default=Impact.MINOR.value)
    parts = SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    revision = HiddenField()  # with which the person began; empty for a new incident

    @classmethod
    def of(cls, incident: IncidentRecord | None) -> "IncidentForm":
        """Return the form of an incident, or of a new one."""
        data: dict[str, Any] = {}
        if incident is not None:
            data = {"impact": incident.impact.value, "parts": list(incident.parts), "revision": incident.revision}
            data |= {f"title_{language}": incident.own_titles[language] for language in LANGUAGES}
        form, texts = cls(data=data), pages.texts()
        form.impact.choices = [(each.value, texts(f"incidents.impact.{each.value}")) for each in Impact]
        form.parts.choices = [(part, texts(f"incidents.part.{part}")) for part in PARTS]
        return form

    def opening(self) -> Opening | None:
        """Return what was entered; None, with an error at a field, without any title."""
        title_en, title_fr = self.title_en.data or "", self.title_fr.data or ""
        if not title_en and not title_fr:
            self.title_en.errors = ["incidents.error.title"]
            return None
        return Opening(title_en, title_fr, Impact(self.impact.data), tuple(self.parts.data or ()))


class NoteForm(Form):
    """A note for the timeline of an incident, in one language or both."""

    text = TextAreaField(validators=[Length(max=MAX_NOTE, message="incidents.error.note")])
    text_fr = TextAreaField(validators=[Length(max=MAX_NOTE, message="incidents.error.note")])
    is_public = BooleanField()

    def has_text(self) -> bool:
        """Return whether there is a text; leave an error at the first field otherwise."""
        if self.text.data or self.text_fr.data:
            return True
        self.text.errors = ["incidents.error.note"]
        return False


class _ReportForm(Form):
    """The texts of a report. Fields of actions are added for their number."""

    revision = HiddenField()

    def report(self) -> Report:
        """Return what was entered; actions without a text are left out."""
        sections = {
            language: {section: self[f"{section}_{language}"].data or "" for section in SECTIONS}
            for language in LANGUAGES
        }
        numbers = range(self.action_count)
        actions = [_action(self, number) for number in numbers]
        return Report(sections, tuple(each for each in actions if each.en or each.fr or each.owner))

    @property
    def action_count(self) -> int:
        """How many actions the form has room for."""
        return sum(name.startswith("action_en_") for name in self._fields)


for _section in SECTIONS:
    for _language in LANGUAGES:
        setattr(
            _ReportForm,
            f"{_section}_{_language}",
            TextAreaField(validators=[Length(max=MAX_SECTION, message=_TOO_LONG)]),
        )


def report_form(draft: Draft) -> _ReportForm:
    """Return the form of a report, with room for two more actions."""
    # Also for all actions of a form that was sent: another person may have deleted some meanwhile.
    sent = sum(name.startswith("action_en_") for name in request.form)
    count = min(max(len(draft.report.actions) + _BLANK_ACTIONS, sent), MAX_ACTIONS)
    fields: dict[str, Any] = {}
    for number in range(count):
        for language in LANGUAGES:
            fields[f"action_{language}_{number}"] = StringField(validators=[Length(max=MAX_TITLE, message=_TOO_LONG)])
        fields[f"action_owner_{number}"] = StringField(validators=[Length(max=_MAX_OWNER, message=_TOO_LONG)])
        fields[f"action_due_{number}"] = DateField(validators=[Optional()])
    data: dict[str, Any] = {"revision": str(draft.revision)}
    for language, texts in draft.report.sections.items():
        data |= {f"{section}_{language}": text for section, text in texts.items()}
    for number, action in enumerate(draft.report.actions):
        data |= {f"action_en_{number}": action.en, f"action_fr_{number}": action.fr}
        data |= {f"action_owner_{number}": action.owner, f"action_due_{number}": action.due}
    form: _ReportForm = type("ReportForm", (_ReportForm,), fields)(data=data)
    return form


def _action(form: _ReportForm, number: int) -> Action:
    return Action(
        form[f"action_en_{number}"].data or "",
        form[f"action_fr_{number}"].data or "",
        form[f"action_owner_{number}"].data or "",
        form[f"action_due_{number}"].data,
    )

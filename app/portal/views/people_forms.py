"""The forms about people: an invitation, and a change of the role."""

from typing import Any

from flask import g
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput

from app.domain.portal.addresses import MAX_CHARACTERS
from app.domain.portal.jurisdictions import jurisdiction_names
from app.domain.portal.management import grantable_rights, grantable_roles
from app.domain.portal.people import Person
from app.domain.portal.rights import Right, Role
from app.portal.views import pages
from app.portal.views.forms import Form
from app.web.i18n import LANGUAGES, load_catalogue


class CheckboxesField(SelectMultipleField):
    """Several choices, as check boxes."""

    option_widget = CheckboxInput()


class RoleForm(Form):
    """A role and the rights in addition to it: only what the person who sends the form holds."""

    role = RadioField(validators=[InputRequired("people.role.error.missing")])
    granted = CheckboxesField()

    def offer(self, giver: Person) -> None:
        """Set the choices to what a person may give."""
        t = pages.texts()
        self.role.choices = [(role.value, t(f"role.{role.value}")) for role in grantable_roles(giver)]
        self.granted.choices = [(right.value, t(f"right.{right.value}")) for right in grantable_rights(giver)]

    def chosen(self) -> tuple[Role, frozenset[Right]]:
        """Return the role and the rights."""
        return Role(self.role.data), frozenset(Right(each) for each in self.granted.data or ())


class InvitationForm(RoleForm):
    """An invitation. Only superusers choose the jurisdiction."""

    email = StringField(
        validators=[
            InputRequired("people.invite.error.address"),
            Length(max=MAX_CHARACTERS, message="people.invite.error.address"),
        ]
    )
    language = RadioField(validators=[InputRequired("people.invite.error.language")])
    jurisdiction = SelectField()

    def offer(self, giver: Person) -> None:
        """Set the choices to what a person may give."""
        super().offer(giver)
        self.language.choices = [(each, load_catalogue(pages.GROUP, each)("language")) for each in LANGUAGES]
        is_everywhere = Right.EVERYWHERE in giver.rights
        self.jurisdiction.choices = jurisdiction_choices() if is_everywhere else [(giver.jurisdiction.code, "")]

    @classmethod
    def of(cls, giver: Person) -> "InvitationForm":
        """Return the form for a person, with the usual choices selected."""
        form = cls(
            role=Role.STAFF.value, language=giver.jurisdiction.first_language, jurisdiction=giver.jurisdiction.code
        )
        form.offer(giver)
        if Right.EVERYWHERE not in giver.rights:
            form.jurisdiction.data = giver.jurisdiction.code
        return form


def jurisdiction_choices() -> list[tuple[str, Any]]:
    """Return the code and the name of every jurisdiction, by name in the language of the page."""
    return [*jurisdiction_names(g.language)]

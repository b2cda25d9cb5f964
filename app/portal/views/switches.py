"""The switches of all jurisdictions."""

from typing import Final

from flask import Response
from wtforms import StringField
from wtforms.validators import AnyOf

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.rights import Right
from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.people import current_person
from app.portal.views.people_forms import jurisdiction_choices
from app.web.context import current_context, current_time

switches = PortalBlueprint("switches")

NAMES: Final = ("text_messages", "outbreaks")


class SwitchForm(Form):
    """A button: it states what it turns, and whether on or off, so it never undoes what another person did."""

    code = StringField(validators=[AnyOf(list(JURISDICTIONS), message="error.invalid")])
    name = StringField(validators=[AnyOf(NAMES, message="error.invalid")])
    state = StringField(validators=[AnyOf(("on", "off"), message="error.invalid")])


@switches.page("/jurisdictions", right=Right.EVERYWHERE, methods=FORM, needs_confirmation=True)
def jurisdictions() -> Response:
    """Show the switches of all jurisdictions, and turn one."""
    service, form = current_context().portal.switches, SwitchForm()
    if submitted(form):
        code, name = form.code.data or "", form.name.data or ""
        service.turn(current_person(), code, name, current_time(), is_on=form.state.data == "on")
        return pages.redirect("/jurisdictions")
    return pages.render(
        "people/jurisdictions.html", form=form, choices=jurisdiction_choices(), states=service.all(), names=NAMES
    )

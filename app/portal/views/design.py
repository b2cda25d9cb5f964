"""The page that shows every component of the design system in every state, on development and review instances."""

from typing import Final

from flask import Response, g
from wtforms import PasswordField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.portal.announcements import LEVELS
from app.portal.views import pages
from app.portal.views.blueprint import PortalBlueprint
from app.portal.views.forms import Form
from app.web.languages import redirect_to_language
from app.web.security import authenticates_itself

design = PortalBlueprint("design")

COLOURS: Final = (
    "page",
    "surface",
    "sunken",
    "line",
    "control-line",
    "text",
    "text-quiet",
    "brand",
    "brand-strong",
    "link",
    "focus",
    "good",
    "good-surface",
    "warn-text",
    "warn-surface",
    "warn-line",
    "bad",
    "bad-surface",
)


class Sample(Form):
    """A field of each kind."""

    text = StringField()
    wrong = StringField(validators=[InputRequired("design.error")])
    password = PasswordField()
    long = TextAreaField()
    choice = RadioField(choices=[("1", "1"), ("2", "2")])


@design.route("/design")
@authenticates_itself
def choose_language() -> Response:
    """Redirect to the page in the reader's language."""
    return redirect_to_language("/design")


@design.route("/design/<any(en, fr):language>")
@authenticates_itself
def components(language: str) -> Response:
    """Show the components."""
    g.language = language
    g.signed_in = None
    form = Sample(formdata=None)
    t = pages.texts()
    form.choice.choices = [("1", t("design.first")), ("2", t("design.second"))]
    form.wrong.errors = ["design.error"]
    return pages.render("design.html", sample=form, colours=COLOURS, levels=LEVELS)

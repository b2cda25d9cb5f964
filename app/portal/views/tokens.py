"""API tokens of a jurisdiction: made and shown once, listed, revoked."""

from typing import Final

from flask import Response, g, request
from wtforms import SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.rights import Right
from app.portal.views import pages, shown_once
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.people import current_person
from app.portal.views.people_forms import jurisdiction_choices
from app.web.context import current_context, current_time

tokens = PortalBlueprint("tokens")

_KIND: Final = "token"


class NewTokenForm(Form):
    """What a token is for, and whose it is."""

    name = StringField(
        validators=[InputRequired("tokens.error.name"), Length(max=60, message="tokens.error.name_length")]
    )
    jurisdiction = SelectField(choices=[], validate_choice=False)

    def validate_jurisdiction(self, field: SelectField) -> None:
        """Accept a jurisdiction. Whether the person has the right there is checked when the token is made."""
        if field.data not in JURISDICTIONS:
            raise ValidationError("tokens.error.jurisdiction")


@tokens.page("/tokens", right=Right.TOKENS)
def token_list() -> Response:
    """List the tokens."""
    listed = current_context().portal.tokens.listed(current_person())
    return pages.render("tokens/tokens.html", tokens=listed, revoked=request.args.get("revoked", ""))


@tokens.page("/tokens/new", right=Right.TOKENS, methods=FORM, needs_confirmation=True)
def new_token() -> Response:
    """Make a token and show it once."""
    if g.is_switch and (shown := shown_once.open_sealed(_KIND, request.form.get("shown", ""))):
        return _show(*shown)
    form, person = NewTokenForm(), current_person()
    may_choose = person.may(Right.EVERYWHERE)
    form.jurisdiction.choices = jurisdiction_choices() if may_choose else [(person.jurisdiction.code, "")]
    if not may_choose or form.jurisdiction.data is None:
        form.jurisdiction.data = person.jurisdiction.code
    if not submitted(form):
        return pages.render("tokens/new.html", form=form, form_id="new-token", may_choose=may_choose)
    label, name = form.jurisdiction.data, form.name.data or ""
    return _show(current_context().portal.tokens.make(person, label, name, current_time()), name, label)


@tokens.page("/tokens/<int:number>/revoke", right=Right.TOKENS, methods=FORM, needs_confirmation=True)
def revoke_token(number: int) -> Response:
    """Ask whether to revoke a token, and revoke it."""
    service, person, form = current_context().portal.tokens, current_person(), Form()
    if submitted(form):
        revoked = service.revoke(person, number, current_time())
        return pages.redirect("/tokens", revoked=revoked.name)
    token = service.find(person, number)
    return pages.render("tokens/revoke.html", form=form, form_id="revoke-token", token=token)


def _show(token: str, name: str, label: str) -> Response:
    return pages.render(
        "tokens/token.html",
        form_id="shown-token",
        shown=shown_once.seal(_KIND, token, name, label),
        token=token,
        name=name,
        jurisdiction=JURISDICTIONS[label],
    )

"""The pages with which a second factor is made, during the set-up and later from one's account."""

import io
from typing import Any, Final

import segno
from flask import Response, g, request
from markupsafe import Markup

from app.domain.codes import code_groups
from app.domain.errors import ActionRefusedError
from app.portal.second_factors import PendingSecret
from app.portal.views import pages, shown_once
from app.portal.views.account_forms import AuthenticatorForm, NewPasskeyForm, typed
from app.portal.views.forms import submitted
from app.portal.views.passkey_pages import creation_options, relying_party, take_challenge
from app.portal.views.people import current_session
from app.portal.views.visits import refuse, visit
from app.web.context import current_context, current_time

_CODES: Final = "backup codes"
_QR_MODULE_PIXELS: Final = 5
_QUIET_ZONE_MODULES: Final = 4  # as ISO/IEC 18004 requires


def add_passkey(then: str) -> Response:
    """Show the form with which a browser makes a passkey; `then` is the next page."""
    form = NewPasskeyForm()
    if g.get("is_unproven"):  # the proof would replace the challenge of a form that is shown again
        return pages.to_confirmation()
    if submitted(form):
        try:
            current_context().portal.passkeys.add(
                relying_party(),
                current_session().person,
                take_challenge(),
                typed(form.answer),
                typed(form.name),
                current_time(),
            )
        except ActionRefusedError as error:
            refuse(form, error)
        else:
            return pages.redirect(then)
    if request.method == "GET":
        form.name.data = visit().browser
    form.answer.data = ""
    return pages.render(
        "accounts/passkey.html", form=form, form_id="passkey", options=creation_options(), is_set_up=_is_set_up()
    )


def set_authenticator(then: str) -> Response:
    """Show a new secret as a QR code and as text, and ask for the first code of the app."""
    form, factors, person = AuthenticatorForm(), current_context().portal.second_factors, current_session().person
    pending = _pending(form)
    if g.is_switch and pending.sealed != form.secret.data:  # a new secret is shown only after a proof of identity
        return Response(status=303, headers={"Location": request.path})
    if submitted(form):
        try:
            factors.set_authenticator(person, pending, typed(form.code), current_time())
        except ActionRefusedError as error:
            refuse(form, error, "code")
        else:
            return pages.redirect(then)
    form.secret.data = pending.sealed
    return pages.render(
        "accounts/authenticator.html",
        form=form,
        form_id="authenticator",
        qr_code=_qr_code(pending.address(person)),
        key=pending.groups,
        is_set_up=_is_set_up(),
    )


def show_codes(saved_path: str) -> Response:
    """Offer new backup codes; show them in response to the form, once."""
    person = current_session().person
    codes: list[str] = []
    if g.is_switch:
        codes = shown_once.open_sealed(_CODES, request.form.get("shown", "")) or []
    elif request.method == "POST":
        codes = current_context().portal.second_factors.new_backup_codes(person, current_time())
    switch: dict[str, Any] = {"form_id": "shown-codes", "shown": shown_once.seal(_CODES, *codes)} if codes else {}
    return pages.render(
        "accounts/codes.html",
        codes=[" ".join(code_groups(code)) for code in codes],
        email=person.email,
        saved_path=saved_path,
        is_set_up=_is_set_up(),
        **switch,
    )


def _pending(form: AuthenticatorForm) -> PendingSecret:
    """Return the secret that the form already shows, or a new one."""
    factors, person = current_context().portal.second_factors, current_session().person
    if form.secret.data:
        try:
            return factors.open_secret(person, form.secret.data)
        except ActionRefusedError:
            return factors.new_secret(person)
    return factors.new_secret(person)


def _qr_code(text: str) -> Markup:
    """Return a QR code as SVG that is part of the page. It has no style attributes, which the policy forbids."""
    svg = io.BytesIO()
    segno.make_qr(text).save(
        svg,
        kind="svg",
        scale=_QR_MODULE_PIXELS,
        border=_QUIET_ZONE_MODULES,
        light="#fff",
        xmldecl=False,
        svgns=True,
        svgclass="qr-code",
        lineclass=None,
        nl=False,
    )
    return Markup(svg.getvalue().decode())  # noqa: S704 - made by the library of an address without markup


def _is_set_up() -> bool:
    return not current_session().is_complete

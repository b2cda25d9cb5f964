"""Confirming a person's identity before something dangerous, and continuing a session."""

from flask import Response, jsonify

from app.domain.errors import ActionRefusedError
from app.portal.views import pages
from app.portal.views.account_forms import AnswerForm, PasswordForm, typed
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import submitted
from app.portal.views.passkey_pages import relying_party, request_options, take_challenge
from app.portal.views.people import current_person, current_session
from app.portal.views.visits import next_query, redirect_refused, refuse, return_confirmed, show_refused
from app.web.context import current_context, current_time

confirmation = PortalBlueprint("confirmation")


@confirmation.page("/confirm", methods=FORM)
def confirm() -> Response:
    """Ask for the password or a passkey again."""
    form = PasswordForm()
    status = show_refused(form)
    if submitted(form):
        try:
            token = current_context().portal.sign_in.confirm_password(
                current_session(), typed(form.password), current_time()
            )
        except ActionRefusedError as error:
            status = refuse(form, error, "password")
        else:
            return return_confirmed(token)
    return pages.render(
        "accounts/confirm.html",
        status,
        form=form,
        form_id="confirm",
        email=current_person().email,
        options=request_options(),
        protection=current_context().portal.own_account.protection(current_person()),
        next_query=next_query(),
    )


@confirmation.page("/confirmed")
def confirmed() -> Response:
    """Lead back to the window with a form that was sent too late."""
    return pages.render("accounts/confirmed.html")


@confirmation.page("/confirm/passkey", methods=("POST",))
def confirm_with_passkey() -> Response:
    """Accept a passkey in place of the password."""
    form, challenge = AnswerForm(), take_challenge()
    try:
        if not form.validate():
            raise ActionRefusedError("accounts.error.passkey")
        token = current_context().portal.sign_in.confirm_passkey(
            current_session(), relying_party(), challenge, typed(form.answer), current_time()
        )
    except ActionRefusedError as error:
        return redirect_refused("/confirm", error)
    return return_confirmed(token)


@confirmation.page("/session/continue", methods=("POST",))
def continue_session() -> Response:
    """Continue the session, and return as JSON for how many seconds. The request itself is what continues it."""
    now = current_time()
    current_context().portal.sessions.touch(current_session().session_id, now)
    return jsonify(seconds=int((current_session().ends(now) - now).total_seconds()))

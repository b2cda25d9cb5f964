"""Signing in and out."""

from flask import Response, request, session

from app.domain.errors import ActionRefusedError
from app.portal.views import cookies, pages
from app.portal.views.account_forms import AnswerForm, CodeForm, SignInForm, typed
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import submitted
from app.portal.views.passkey_pages import relying_party, request_options, take_challenge
from app.portal.views.people import current_session
from app.portal.views.visits import (
    enter,
    next_query,
    redirect_refused,
    refuse,
    session_or_none,
    show_refused,
    visit,
)
from app.web.context import current_context, current_time

sign_in = PortalBlueprint("sign_in")


@sign_in.page("/sign-in", methods=FORM, public=True)
def password() -> Response:
    """Ask for the address and the password, or for a passkey."""
    signed_in = session_or_none()
    if signed_in is not None and signed_in.is_complete:
        return pages.redirect(pages.next_path(request.args.get("next", "")))
    form = SignInForm()
    status = show_refused(form)
    if submitted(form):
        try:
            token = current_context().portal.sign_in.check_password(
                typed(form.email), typed(form.password), visit(), current_time()
            )
        except ActionRefusedError as error:
            status = refuse(form, error)
        else:
            cookies.keep(token)
            return pages.redirect("/sign-in/second-factor", **next_query())
    return pages.render(
        "accounts/sign_in.html",
        status,
        form=form,
        form_id="sign-in",
        options=request_options(),
        next_query=next_query(),
        message="session_ended" if _has_ended() else request.args.get("message"),
    )


@sign_in.page("/sign-in/second-factor", methods=FORM, public=True)
def second_factor() -> Response:
    """Ask for a code of the authenticator app, a single-use code, or a passkey."""
    signed_in = session_or_none()
    if signed_in is None:
        return pages.redirect("/sign-in", **next_query())
    if signed_in.is_complete:
        return pages.redirect(pages.next_path(request.args.get("next", "")))
    if signed_in.may_set_up:
        return pages.redirect("/set-up")
    form = CodeForm()
    status = show_refused(form)
    if submitted(form):
        try:
            token = current_context().portal.sign_in.check_code(signed_in, typed(form.code), visit(), current_time())
        except ActionRefusedError as error:
            status = refuse(form, error, "code")
        else:
            return enter(token)
    return pages.render(
        "accounts/second_factor.html",
        status,
        form=form,
        form_id="second-factor",
        options=request_options(),
        protection=current_context().portal.own_account.protection(signed_in.person),
        next_query=next_query(),
    )


@sign_in.page("/sign-in/passkey", methods=("POST",), public=True)
def passkey() -> Response:
    """Sign in with a passkey alone, or with one after the password."""
    form, challenge, signed_in = AnswerForm(), take_challenge(), session_or_none()
    try:
        if not form.validate():
            raise ActionRefusedError("accounts.error.passkey")
        token = current_context().portal.sign_in.check_passkey(
            relying_party(),
            challenge,
            typed(form.answer),
            visit(),
            current_time(),
            account_id=signed_in.person.id if signed_in else None,
        )
    except ActionRefusedError as error:
        return redirect_refused("/sign-in/second-factor" if signed_in else "/sign-in", error)
    return enter(token)


@sign_in.page("/sign-out", methods=("POST",))
def sign_out() -> Response:
    """End the session."""
    current_context().portal.sessions.end(current_session().session_id)
    cookies.discard()
    return pages.redirect("/sign-in")


def _has_ended() -> bool:
    """Return whether the browser had a session that has ended; it is reported once."""
    return session_or_none() is None and session.pop("token", None) is not None

"""A person's own account: details, password, second factors and sessions."""

from typing import Final

from flask import Response, request

from app.domain.errors import ActionRefusedError, PortalPageMissingError
from app.portal.views import cookies, factor_pages, pages
from app.portal.views.account_forms import DetailsForm, NewPasswordForm, typed
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.people import current_person, current_session
from app.portal.views.visits import redirect_refused, refuse, show_refused
from app.web.context import current_context, current_time

account = PortalBlueprint("account")

# Messages that the account's page shows after a change.
_MESSAGES: Final = frozenset(
    {
        "details",
        "password",
        "passkey_added",
        "passkey_removed",
        "authenticator",
        "authenticator_removed",
        "codes",
        "session",
    }
)


@account.page("/account")
def overview() -> Response:
    """Show the account."""
    portal, person, form = current_context().portal, current_person(), Form()
    status = show_refused(form)
    message = request.args.get("message")
    return pages.render(
        "accounts/account.html",
        status,
        form=form,
        protection=portal.own_account.protection(person),
        sessions=portal.sessions.of_person(person, current_time()),
        own_session=current_session().session_id,
        message=message if message in _MESSAGES else None,
    )


@account.page("/account/details", methods=FORM)
def details() -> Response:
    """Change the name, and the language of e-mail."""
    person = current_person()
    form = DetailsForm(data={"name": person.name, "language": person.language})
    if submitted(form):
        current_context().portal.own_account.change_details(
            person, typed(form.name), typed(form.language), current_time()
        )
        return _done("details")
    return pages.render("accounts/details.html", form=form, form_id="details")


@account.page("/account/password", methods=FORM, needs_confirmation=True)
def password() -> Response:
    """Change the password. The person has confirmed who they are, so the old one is not asked for again."""
    form = NewPasswordForm()
    if submitted(form):
        try:
            current_context().portal.own_account.change_password(
                current_session(), typed(form.password), current_time()
            )
        except ActionRefusedError as error:
            refuse(form, error, "password")
        else:
            return _done("password")
    return pages.render("accounts/new_password.html", form=form, form_id="new-password", email=current_person().email)


@account.page("/account/passkey", methods=FORM, needs_confirmation=True)
def add_passkey() -> Response:
    """Add a passkey."""
    return factor_pages.add_passkey("/account?message=passkey_added")


@account.page("/account/passkeys/<int:number>/remove", methods=FORM, needs_confirmation=True)
def remove_passkey(number: int) -> Response:
    """Remove a passkey, after a question."""
    portal, person = current_context().portal, current_person()
    own = {each.id: each for each in portal.own_account.protection(person).passkeys}
    if number not in own:
        raise PortalPageMissingError
    form = Form()
    if submitted(form):
        try:
            portal.passkeys.remove(person, number, current_time())
        except ActionRefusedError as error:
            return redirect_refused("/account", error)
        return _done("passkey_removed")
    return pages.render("accounts/remove_passkey.html", form=form, form_id="remove", passkey=own[number])


@account.page("/account/authenticator", methods=FORM, needs_confirmation=True)
def set_authenticator() -> Response:
    """Set up an authenticator app, or replace it."""
    return factor_pages.set_authenticator("/account?message=authenticator")


@account.page("/account/authenticator/remove", methods=FORM, needs_confirmation=True)
def remove_authenticator() -> Response:
    """Remove the authenticator app, after a question."""
    form = Form()
    if submitted(form):
        try:
            current_context().portal.second_factors.remove_authenticator(current_person(), current_time())
        except ActionRefusedError as error:
            return redirect_refused("/account", error)
        return _done("authenticator_removed")
    return pages.render("accounts/remove_authenticator.html", form=form, form_id="remove")


@account.page("/account/codes", methods=FORM, needs_confirmation=True)
def codes() -> Response:
    """Make new backup codes, and show them once."""
    return factor_pages.show_codes("/account/codes/saved")


@account.page("/account/codes/saved", methods=("POST",))
def codes_saved() -> Response:
    """Record that the codes are saved."""
    current_context().portal.second_factors.confirm_backup_codes(current_person(), current_time())
    return _done("codes")


@account.page("/account/sessions/<int:number>/end", methods=("POST",))
def end_session(number: int) -> Response:
    """End one of the person's sessions."""
    if not current_context().portal.sessions.end_own(current_person(), number):
        raise PortalPageMissingError
    return _done("session")


@account.page("/account/sessions/end", methods=("POST",))
def end_all_sessions() -> Response:
    """Sign out everywhere, here included."""
    current_context().portal.sessions.end_everywhere(current_person())
    cookies.discard()
    return pages.redirect("/sign-in", message="signed_out_everywhere")


def _done(message: str) -> Response:
    return pages.redirect("/account", message=message)

"""Setting a new password with a link that is sent by e-mail."""

from flask import Response

from app.domain.errors import ActionRefusedError
from app.portal.views import cookies, pages
from app.portal.views.account_forms import EmailForm, NewPasswordForm, typed
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import submitted
from app.portal.views.links import portal_address
from app.portal.views.visits import refuse, visit
from app.web.context import current_context, current_time

password_links = PortalBlueprint("password_links")


@password_links.page("/password-link", methods=FORM, public=True)
def request_link() -> Response:
    """Send a link to an address."""
    form, status, base = EmailForm(), 200, portal_address()
    if submitted(form):
        try:
            current_context().portal.password_links.send(
                typed(form.email),
                lambda language, token: f"{base}/{language}/new-password/{token}",
                visit().network,
                current_time(),
            )
        except ActionRefusedError as error:
            status = refuse(form, error)
        else:
            return pages.redirect("/password-link/sent")
    return pages.render("accounts/password_link.html", status, form=form, form_id="password-link")


@password_links.page("/password-link/sent", public=True)
def link_sent() -> Response:
    """State that a link was sent if there is such an account."""
    return pages.render("accounts/password_link_sent.html")


@password_links.page("/new-password/<token>", methods=FORM, public=True)
def new_password(token: str) -> Response:
    """Ask for a new password."""
    links, form = current_context().portal.password_links, NewPasswordForm()
    person = links.find(token, current_time())
    if person is None:
        return pages.render("accounts/link_expired.html", 404, kind="password")
    if submitted(form):
        try:
            links.set_password(token, typed(form.password), current_time())
        except ActionRefusedError as error:
            refuse(form, error, "password")
        else:
            cookies.discard()
            return pages.redirect("/sign-in", message="password_changed")
    return pages.render("accounts/new_password.html", form=form, form_id="new-password", email=person.email)

"""Inviting people to the portal."""

from flask import Response

from app.domain.errors import ActionRefusedError
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.rights import Right
from app.portal.invitations import Invitee
from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import submitted
from app.portal.views.links import portal_address
from app.portal.views.people import current_person
from app.portal.views.people_forms import InvitationForm
from app.web.context import current_context, current_time

inviting = PortalBlueprint("inviting")


@inviting.page("/people/invite", right=Right.MANAGE_PEOPLE, methods=FORM, needs_confirmation=True)
def invite() -> Response:
    """Invite a person."""
    actor = current_person()
    form = InvitationForm.of(actor)
    if submitted(form):
        role, granted = form.chosen()
        jurisdiction = JURISDICTIONS[form.jurisdiction.data]
        invitee = Invitee(form.email.data or "", form.language.data, jurisdiction, role, granted)
        try:
            current_context().portal.invitations.invite(actor, invitee, portal_address(), current_time())
        except ActionRefusedError as error:
            form.email.errors = [error.reason]
        else:
            return pages.redirect("/people", invited="yes")
    return pages.render("people/invite.html", form=form, form_id="invite-form")


@inviting.page("/people/invitations/<int:number>/resend", right=Right.MANAGE_PEOPLE, methods=("POST",))
def resend(number: int) -> Response:
    """Send an invitation again, with another link."""
    try:
        current_context().portal.invitations.resend(current_person(), number, portal_address(), current_time())
    except ActionRefusedError:
        return pages.error("limit", 429)
    return pages.redirect("/people", invited="yes")


@inviting.page("/people/invitations/<int:number>/withdraw", right=Right.MANAGE_PEOPLE, methods=("POST",))
def withdraw(number: int) -> Response:
    """Withdraw an invitation."""
    current_context().portal.invitations.withdraw(current_person(), number, current_time())
    return pages.redirect("/people", withdrawn="yes")

"""The people of a jurisdiction, and what can be done for each of them."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, g, request

from app.domain.codes import code_groups
from app.domain.errors import ActionRefusedError
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.management import grantable_rights, grantable_roles, may_manage
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.domain.portal.spelling import spell
from app.portal.people import Profile
from app.portal.second_factor_codes import GIVEN_CODE_VALIDITY
from app.portal.views import pages, shown_once
from app.portal.views.arguments import number_argument
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.people import current_person
from app.portal.views.people_forms import RoleForm, jurisdiction_choices
from app.web.context import current_context, current_time

directory = PortalBlueprint("directory")


@directory.page("/people", right=Right.SEE_PEOPLE)
def people() -> Response:
    """List people and open invitations."""
    viewer, portal = current_person(), current_context().portal
    chosen = request.args.get("jurisdiction", "")
    jurisdiction = chosen if chosen in JURISDICTIONS else None
    after = number_argument("after") or 0
    listed, following = portal.people.page(viewer, jurisdiction, after)
    invitations, has_more = portal.invitations.open(viewer, jurisdiction)
    return pages.render(
        "people/people.html",
        profiles=listed,
        following=following,
        is_first=after == 0,
        invitations=invitations,
        has_more_invitations=has_more,
        now=current_time(),
        choices=jurisdiction_choices() if Right.EVERYWHERE in viewer.rights else None,
        chosen=jurisdiction or "",
        roles=grantable_roles(viewer),
        rights=frozenset(grantable_rights(viewer)),
        may_invite=viewer.may(Right.MANAGE_PEOPLE),
    )


@directory.page("/people/<int:number>", right=Right.SEE_PEOPLE)
def profile(number: int) -> Response:
    """Show a person."""
    viewer = current_person()
    found = current_context().portal.people.profile(viewer, number)
    return pages.render("people/profile.html", profile=found, may_manage=may_manage(viewer, found.person))


@directory.page("/people/<int:number>/role", right=Right.MANAGE_PEOPLE, methods=FORM, needs_confirmation=True)
def role(number: int) -> Response:
    """Change the role and the rights of a person."""
    actor, people = current_person(), current_context().portal.people
    found = people.managed(actor, number)
    form = RoleForm(role=found.person.role.value, granted=[right.value for right in found.person.granted])
    form.offer(actor)
    if submitted(form):
        people.change_role(actor, number, *form.chosen(), current_time())
        return pages.redirect(f"/people/{number}")
    return pages.render("people/role.html", profile=found, form=form, form_id="role-form")


@directory.page("/people/<int:number>/disable", right=Right.MANAGE_PEOPLE, methods=FORM, needs_confirmation=True)
def disable(number: int) -> Response:
    """Disable a person's account."""
    return _confirmed(number, "disable", current_context().portal.people.disable)


@directory.page("/people/<int:number>/enable", right=Right.MANAGE_PEOPLE, methods=FORM, needs_confirmation=True)
def enable(number: int) -> Response:
    """Enable a disabled account."""
    return _confirmed(number, "enable", current_context().portal.people.enable)


@directory.page("/people/<int:number>/code", right=Right.MANAGE_PEOPLE, methods=FORM, needs_confirmation=True)
def code(number: int) -> Response:
    """Give a person a code in place of the second factor."""
    return _shown(number, "code", current_context().portal.people.give_code)


@directory.page("/people/<int:number>/reset", right=Right.MANAGE_PEOPLE, methods=FORM, needs_confirmation=True)
def reset(number: int) -> Response:
    """Delete a person's second factors, and give them a code for the next sign-in."""
    return _shown(number, "reset", current_context().portal.people.reset_second_factor)


def _confirmed(number: int, action: str, run: Callable[..., None]) -> Response:
    """Ask whether an action is wanted, and run it."""
    actor = current_person()
    found = current_context().portal.people.managed(actor, number)
    form = Form()
    if submitted(form):
        run(actor, number, current_time())
        return pages.redirect(f"/people/{number}")
    return _question(found.person, action, form)


def _shown(number: int, action: str, run: Callable[[Person, int, datetime], str]) -> Response:
    """Ask whether an action is wanted, run it, and show the code that it returns, once."""
    actor, now = current_person(), current_time()
    found = current_context().portal.people.managed(actor, number)
    if g.is_switch and (shown := shown_once.open_sealed(_kind(found), request.form.get("shown", ""))):
        return _code_page(found, shown[0], datetime.fromisoformat(shown[1]))
    form = Form()
    if submitted(form):
        try:
            code = run(actor, number, now)
        except ActionRefusedError as error:
            form.form_errors.append(error.reason)
        else:
            return _code_page(found, code, now + GIVEN_CODE_VALIDITY)
    return _question(found.person, action, form)


def _code_page(profile: Profile, code: str, expires: datetime) -> Response:
    return pages.render(
        "people/code.html",
        form_id="shown-code",
        shown=shown_once.seal(_kind(profile), code, expires.isoformat()),
        profile=profile,
        groups=code_groups(code),
        spelling=spell(code, pages.texts().language),
        expires=expires,
    )


def _kind(profile: Profile) -> str:
    return f"code of {profile.person.id}"


def _question(person: Person, action: str, form: Form) -> Response:
    return pages.render("people/question.html", subject=person, action=action, form=form, form_id="question-form")

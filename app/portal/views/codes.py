"""A person's own codes, by reference: what has become of them, and withdrawing one."""

from typing import Final

from flask import Response, request

from app.domain.codes import CodeStatus, normalise_code
from app.domain.errors import PortalPageMissingError, SubmissionError
from app.domain.portal.references import LENGTH, reference_groups
from app.domain.portal.rights import Right
from app.domain.portal.suppression import THRESHOLD
from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.people import current_person
from app.web.context import current_context, current_time

codes = PortalBlueprint("codes")

_MAX_PAGE: Final = 10_000


@codes.page("/codes", right=Right.ISSUE)
def own_codes() -> Response:
    """List a person's codes, the newest first, or find one by its reference."""
    typed = request.args.get("reference", "")
    if typed and (found := _existing(typed)):
        return pages.redirect(f"/codes/{found}")
    number = _page_number()
    person, now, portal = current_person(), current_time(), current_context().portal
    listed, has_more = portal.codes.page(person, number, now)
    in_jurisdiction = portal.codes.count_in(person.jurisdiction.code, now) if person.may(Right.STATISTICS) else None
    return pages.render(
        "codes/codes.html",
        codes=listed,
        groups=reference_groups,
        number=number,
        has_more=has_more,
        typed=typed,
        in_jurisdiction=in_jurisdiction,
        threshold=THRESHOLD,
        withdrawn=reference_groups(normalise_code(request.args.get("withdrawn", ""))[:LENGTH]),
    )


@codes.page("/codes/<reference>", right=Right.ISSUE, methods=FORM)
def own_code(reference: str) -> Response:
    """Show what is known of a code, and withdraw it."""
    person, now, service = current_person(), current_time(), current_context().portal.codes
    form, failed = Form(), False
    if submitted(form):
        try:
            if service.withdraw(person, reference, now) is CodeStatus.WITHDRAWN:
                return pages.redirect("/codes", withdrawn=normalise_code(reference))
        except SubmissionError:
            failed = True
    found = service.find(person, reference, now)
    return pages.render(
        "codes/withdraw.html",
        status=503 if failed else 200,
        form=form,
        form_id="withdraw",
        code=found,
        failed=failed,
        groups=reference_groups,
    )


def _existing(typed: str) -> str | None:
    reference = normalise_code(typed)
    try:
        return current_context().portal.codes.find(current_person(), reference, current_time()).reference
    except PortalPageMissingError:
        return None


def _page_number() -> int:
    number = request.args.get("page", "1")
    is_number = number.isascii() and number.isdigit() and 0 < int(number) <= _MAX_PAGE
    return int(number) if is_number else 1

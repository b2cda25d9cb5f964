"""Codes for a laboratory's list. The list stays in the browser, which sends an identifier of each line, and no more."""

import json
import re
from typing import Final

from flask import Response, request

from app.domain.errors import DailyLimitError, FormUsedError, SubmissionError, TooManyRequestsError
from app.domain.portal.references import reference_groups
from app.domain.portal.rights import Right
from app.measuring.requests import seconds_since_start
from app.portal.codes import ShownCode
from app.portal.views import pages
from app.portal.views.blueprint import PortalBlueprint
from app.portal.views.people import current_person
from app.web.context import current_context, current_time
from app.web.responses import NO_STORE

bulk = PortalBlueprint("bulk")

_LINE: Final = re.compile("[0-9a-f]{64}")  # HMAC-SHA-256 of the line, with a key that the server does not have


@bulk.page("/codes/list", right=Right.ISSUE)
def code_list() -> Response:
    """Show the page that reads a list, and issues a code for each line."""
    return pages.render("codes/list.html", data=pages.texts().below("live."))


@bulk.page("/codes/list/issue", right=Right.ISSUE, methods=("POST",))
def issue_for_line() -> Response:
    """Issue the code of a line, `{"line": identifier, "again": bool}`, as JSON."""
    message = request.get_json(silent=True)
    if not isinstance(message, dict) or not _LINE.fullmatch(str(message.get("line"))):
        return _json(400, state="malformed")
    line, again = bytes.fromhex(message["line"]), message.get("again") is True
    result = current_context().portal.codes.issue_for_line(current_person(), line, current_time(), again=again)
    reference = " ".join(reference_groups(result.reference))
    if isinstance(result, ShownCode):
        current_context().instruments.observe_portal_code(seconds_since_start(request.environ))
        return _json(200, state="issued", code=result.code, reference=reference, expires=pages.moment(result.expires))
    return _json(200, state="before", reference=reference, created=pages.moment(result.created))


def _json(status: int, **values: str) -> Response:
    return Response(json.dumps(values), status, NO_STORE, content_type="application/json; charset=utf-8")


@bulk.errorhandler(DailyLimitError)
def _daily_limit(_: DailyLimitError) -> Response:
    return _json(403, state="limit")


@bulk.errorhandler(FormUsedError)
def _used(_: FormUsedError) -> Response:
    return _json(409, state="used")


@bulk.errorhandler(SubmissionError)
@bulk.errorhandler(TooManyRequestsError)
def _unavailable(_: SubmissionError | TooManyRequestsError) -> Response:
    return _json(503, state="unavailable")

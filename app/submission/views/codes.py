"""The routes of health authorities for one-time codes.

`/new-key-claim` issues a code, in plain text (section D). `/code-status` and `/withdraw-code`, which the public server
lacks, report what has become of codes, and invalidate one, in JSON.
"""

import json
import re
from typing import Final

from flask import Response, request

from app.domain.errors import HashIdClaimedError, MalformedMessageError, UnreadableBodyError
from app.domain.limits import MAX_CODE_STATUS_BODY_BYTES, MAX_CODE_STATUSES
from app.web.blueprints import Blueprint
from app.web.body import close_if_unread, read_body
from app.web.context import current_context, current_settings, current_time
from app.web.rate_limits import CODE_STATUS, NEW_KEY_CLAIM, limit_client
from app.web.responses import NO_STORE, json_text, plain, plain_error
from app.web.routing import HashIdConverter
from app.web.security import allow_only, requires_bearer

codes = Blueprint("codes", __name__)
codes.plain_text_limits()

_HASH_ID: Final = re.compile(HashIdConverter.regex)
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": (
        "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, Referer, User-Agent"
    ),
}


@codes.route("/new-key-claim")
@codes.route("/new-key-claim/<hash_id:hash_id>")
@allow_only("POST", also=("OPTIONS",))
@requires_bearer
def new_key_claim(originator: str, hash_id: str | None = None) -> Response:
    """Issue a code (rules 16 to 25)."""
    now = current_time()
    limit_client(NEW_KEY_CLAIM, originator, now)
    context = current_context()
    code = context.submission.codes.issue(originator, hash_id, now)
    context.instruments.count_issued_code(originator)
    return plain(code + "\n")


@codes.route("/code-status")
@allow_only("POST", also=("OPTIONS",))
@requires_bearer
def code_status(originator: str) -> Response:
    """Report what has become of up to 100 codes of the same health authority."""
    now = current_time()
    limit_client(CODE_STATUS, originator, now)
    hash_ids = _read_hash_ids()
    statuses = current_context().submission.codes.statuses(originator, hash_ids, now)
    return json_text(json.dumps({"statuses": statuses}), NO_STORE)


@codes.route("/withdraw-code/<hash_id:hash_id>")
@allow_only("POST", also=("OPTIONS",))
@requires_bearer
def withdraw_code(originator: str, hash_id: str) -> Response:
    """Invalidate a code that has not been claimed."""
    limit_client(CODE_STATUS, originator, current_time())
    status = current_context().submission.codes.withdraw(originator, hash_id)
    return json_text(json.dumps({"status": status}), NO_STORE)


def _read_hash_ids() -> list[str]:
    """Return the hashIDs of the request's body, `{"hash_ids": […]}`; raise MalformedMessageError."""
    try:
        hash_ids = json.loads(read_body(MAX_CODE_STATUS_BODY_BYTES))["hash_ids"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise MalformedMessageError from None
    is_list = isinstance(hash_ids, list) and len(hash_ids) <= MAX_CODE_STATUSES
    if not is_list or not all(isinstance(each, str) and _HASH_ID.fullmatch(each) for each in hash_ids):
        raise MalformedMessageError
    return hash_ids  # type: ignore[no-any-return]


@codes.before_request
def _answer_preflight() -> Response | None:
    """Allow a portal's page in a browser to request codes (rule 15)."""
    if request.method != "OPTIONS":
        return None
    response = Response("", 200, _PREFLIGHT)
    del response.headers["Content-Type"]
    return response


@codes.after_request
def _allow_web_pages(response: Response) -> Response:
    """Allow portals in browsers to read every response, errors included (D23)."""
    response.headers["Access-Control-Allow-Origin"] = current_settings().submission.cors_access_control_allow_origin
    if request.method != "OPTIONS":
        response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
    return response


@codes.errorhandler(HashIdClaimedError)
def _hash_id_claimed(_: HashIdClaimedError) -> Response:
    return plain_error("forbidden", 403)


@codes.errorhandler(MalformedMessageError)
@codes.errorhandler(UnreadableBodyError)
def _malformed(error: MalformedMessageError | UnreadableBodyError) -> Response:
    return close_if_unread(error, plain_error("bad request", 400))


@codes.fault_response
def _fault() -> Response:
    return plain_error("server error", 500)

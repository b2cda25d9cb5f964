"""`/new-key-claim`: a health authority requests a one-time code, in plain text (section D)."""

from typing import Final

from flask import Response, request

from app.domain.errors import HashIdClaimedError
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_settings, current_time
from app.web.rate_limits import NEW_KEY_CLAIM, limit_client
from app.web.responses import plain, plain_error
from app.web.security import allow_only, requires_bearer

codes = Blueprint("codes", __name__)
codes.plain_text_limits()

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
    return plain(current_context().submission.codes.issue(originator, hash_id, now) + "\n")


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
    return response


@codes.errorhandler(HashIdClaimedError)
def _hash_id_claimed(_: HashIdClaimedError) -> Response:
    return plain_error("forbidden", 403)


@codes.fault_response
def _fault() -> Response:
    return plain_error("server error", 500)

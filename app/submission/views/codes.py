"""`/new-key-claim`: a health authority asks for a one-time code, in plain text (protocol section D)."""

from typing import Final

from flask import Blueprint, Response, request

from app.web.clock import current_time
from app.web.errors import on_fault
from app.web.context import current_database, current_ring, current_settings
from app.web.rate_limits import NEW_KEY_CLAIM, answer_in_plain_text, limit_client
from app.web.responses import plain, plain_error
from app.web.routing import add_route
from app.web.security import only, requires_bearer
from app.submission.codes import HashIdClaimed, issue_code

codes = Blueprint("codes", __name__)

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": (
        "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, Referer, User-Agent"
    ),
}


@only("POST", besides=("OPTIONS",))
@requires_bearer
def new_key_claim(originator: str, hash_id: str | None = None) -> Response:
    """Issue a code (rules 16 to 25)."""
    now = current_time()
    limit_client(NEW_KEY_CLAIM, originator, now)
    code = issue_code(current_database(), current_settings(), current_ring(), originator, hash_id, now)
    return plain(code + "\n")


@codes.before_request
def _answer_preflight() -> Response | None:
    """Tell a browser that a portal's page may ask for codes (rule 15)."""
    if request.method != "OPTIONS":
        return None
    response = Response("", 200, _PREFLIGHT)
    del response.headers["Content-Type"]
    return response


@codes.after_request
def _allow_web_pages(response: Response) -> Response:
    """Let portals in browsers read every answer, refusals too (D23)."""
    response.headers["Access-Control-Allow-Origin"] = current_settings().cors_access_control_allow_origin
    return response


@codes.errorhandler(HashIdClaimed)
def _hash_id_claimed(_: HashIdClaimed) -> Response:
    return plain_error("forbidden", 403)


answer_in_plain_text(codes)
on_fault(codes, lambda: plain_error("server error", 500))
add_route(codes, "/new-key-claim", new_key_claim)
add_route(codes, "/new-key-claim/<hash_id:hash_id>", new_key_claim)

"""The requests of the pages' scripts and of other clients, in JSON: docs/sharing.md describes them.

Each is a POST, whose body alone contains what identifies a secret, so that no log of addresses does.
"""

import base64
import binascii
import functools
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response, request

from app.domain.errors import (
    MalformedEnvelopeError,
    NoRoomError,
    NothingSharedError,
    NotPermittedError,
    RateLimiterUnavailableError,
    RequestClosedError,
    TooManyRequestsError,
    UnreadableBodyError,
)
from app.domain.sharing import MAX_FIELDS_BYTES, Receipt, max_body_bytes
from app.sharing.service import Offer
from app.sharing.views.creators import may_create
from app.sharing.views.protection import accept_only, protect
from app.web.blueprints import Blueprint
from app.web.body import close_if_unread, read_body
from app.web.context import current_context, current_time
from app.web.cross_site import is_cross_site
from app.web.rate_limits import READ_SHARED, RETRY_SECONDS, SHARE, Limit, limit_network
from app.web.security import authenticates_itself, current_network

_BASE64: Final = re.compile("[A-Za-z0-9_-]*")

Fields = dict[str, Any]
Use = Callable[[Fields], Response]

exchange = Blueprint("sharing_exchange", __name__, url_prefix="/share")
exchange.after_request(protect)


def _answer(fields: Fields, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(fields), status, headers, content_type="application/json")


def _error(reason: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return _answer({"error": reason}, status, headers)


exchange.fault_response(lambda: _error("server error", 500))
for _class, _reason, _status in (
    (MalformedEnvelopeError, "malformed", 400),
    (NotPermittedError, "only permitted people and holders of a token may create", 401),
    (NothingSharedError, "nothing", 404),
    (RequestClosedError, "answered before, or expired", 409),
    (NoRoomError, "no room", 507),
):
    exchange.register_error_handler(_class, lambda _, reason=_reason, status=_status: _error(reason, status))
exchange.register_error_handler(TooManyRequestsError, lambda error: _error("too many requests", 429, error.headers))
exchange.register_error_handler(
    RateLimiterUnavailableError, lambda _: _error("service unavailable", 503, {"Retry-After": str(int(RETRY_SECONDS))})
)
exchange.register_error_handler(UnreadableBodyError, lambda error: close_if_unread(error, _error("too long", 413)))


def _use(rule: str, limit: Limit, body_bytes: int, *, creates: bool = False) -> Callable[[Use], Use]:
    """Register what a path does with the fields of a request that was checked in every other respect."""

    def register(use: Use) -> Use:
        @functools.wraps(use)
        def checked() -> Response:
            if is_cross_site():
                return _error("from another site", 403)
            if request.mimetype != "application/json":  # which no form of another site can send
                return _error("not JSON", 415)
            limit_network(limit, current_time())
            if creates and not may_create():
                raise NotPermittedError
            return use(_fields(read_body(body_bytes)))

        exchange.route(rule, endpoint=use.__name__)(authenticates_itself(accept_only("POST")(checked)))
        return use

    return register


@_use("/secrets", SHARE, max_body_bytes(), creates=True)
def create(fields: Fields) -> Response:
    """Store a secret."""
    expires = current_context().sharing.create(_offer(fields), current_network(), current_time())
    return _answer({"expires": _text(expires)}, 201)


@_use("/requests", SHARE, MAX_FIELDS_BYTES, creates=True)
def request_secret(fields: Fields) -> Response:
    """Store a request for a secret."""
    lifetime = fields.get("lifetime")
    if type(lifetime) is not int:
        raise MalformedEnvelopeError
    sharing, now = current_context().sharing, current_time()
    expires = sharing.request(_bytes(fields, "digest"), lifetime, current_network(), now)
    return _answer({"expires": _text(expires)}, 201)


@_use("/answers", SHARE, max_body_bytes())
def answer_request(fields: Fields) -> Response:
    """Store the answer to a request."""
    expires = current_context().sharing.answer(_offer(fields), current_network(), current_time())
    return _answer({"expires": _text(expires)}, 201)


@_use("/read", READ_SHARED, MAX_FIELDS_BYTES)
def read(fields: Fields) -> Response:
    """Delete a secret, and return its envelope: null for a request that was not answered yet."""
    envelope = current_context().sharing.read(_bytes(fields, "locator"), current_time())
    encoded = None if envelope is None else base64.urlsafe_b64encode(envelope).rstrip(b"=").decode()
    return _answer({"envelope": encoded})


@_use("/status", READ_SHARED, MAX_FIELDS_BYTES)
def status(fields: Fields) -> Response:
    """Return what became of a secret."""
    return _receipt(current_context().sharing.status(_bytes(fields, "receipt"), current_time()))


@_use("/withdraw", READ_SHARED, MAX_FIELDS_BYTES)
def withdraw(fields: Fields) -> Response:
    """Delete a secret that was not read yet, and return what became of it."""
    return _receipt(current_context().sharing.withdraw(_bytes(fields, "receipt"), current_time()))


def _receipt(receipt: Receipt) -> Response:
    fields = {"outcome": receipt.outcome.value, "expires": _text(receipt.expires)}
    return _answer(fields | ({"hour": _text(receipt.hour)} if receipt.hour else {}))


def _offer(fields: Fields) -> Offer:
    return Offer(_bytes(fields, "digest"), _bytes(fields, "receipt"), _bytes(fields, "envelope"))


def _fields(body: bytes) -> Fields:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedEnvelopeError from None
    if not isinstance(fields, dict):
        raise MalformedEnvelopeError
    return fields


def _bytes(fields: Fields, name: str) -> bytes:
    """Return the bytes of a field in base64url; raise MalformedEnvelopeError."""
    text = fields.get(name)
    if not isinstance(text, str) or not _BASE64.fullmatch(text):
        raise MalformedEnvelopeError
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise MalformedEnvelopeError from None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

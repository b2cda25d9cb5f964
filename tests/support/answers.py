"""Exact responses: status, every header field and every byte.

`seen` reads a response, and the other functions return what the protocol requires, so that a test is one comparison.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.proto import covidshield_pb2 as wire

# Header fields that differ between responses, or that only give the length of the body.
_VARYING: Final = ("X-Request-Id", "Content-Length")
_NOSNIFF: Final = {"X-Content-Type-Options": "nosniff"}
_PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}
_PROTOBUF: Final = {"Content-Type": "application/x-protobuf"}

_ANY_ORIGIN: Final = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT: Final = _ANY_ORIGIN | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": (
        "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, Referer, User-Agent"
    ),
}
CORS: Final = _ANY_ORIGIN | {"Access-Control-Expose-Headers": "Retry-After, X-Request-Id"}


@dataclass(frozen=True)
class Answer:
    """A response as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes


def seen(response: Any) -> Answer:
    """Return a response of the service."""
    fields = [(name, value) for name, value in response.headers.items() if name not in _VARYING]
    headers = dict(fields)
    assert len(headers) == len(fields), f"a header field is repeated: {fields}"
    return Answer(response.status_code, headers, response.data)


def plain(status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
    """Return a response in plain text."""
    return Answer(status, _PLAIN | (headers or {}), text.encode())


def plain_error(status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
    """Return a refusal in plain text: one line, nosniff, not cacheable (rule 8)."""
    return Answer(status, _PLAIN | _NOSNIFF | (headers or {}), f"{text}\n".encode())


def json_text(text: str) -> Answer:
    """Return a JSON response that is not cacheable."""
    return Answer(200, {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}, text.encode())


NOT_FOUND: Final = plain_error(404, "404 page not found")
UNAUTHORIZED: Final = plain_error(401, "unauthorized")


def protobuf(body: bytes) -> Answer:
    """Return a message that reports success, without nosniff (rule 8)."""
    return Answer(200, _PROTOBUF, body)


def protobuf_error(status: int, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    """Return a message that reports a refusal."""
    return Answer(status, _PROTOBUF | _NOSNIFF | (headers or {}), body)


CLOSING: Final = {"Connection": "close"}


def claim_refusal(
    status: int, error: str, tries: int, ban: timedelta | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """Return a refused claim. A ban of None is absent from the message; a ban of zero is present."""
    message = wire.KeyClaimResponse(error=error, tries_remaining=tries)
    if ban is not None:
        message.remaining_ban_duration.SetInParent()
        message.remaining_ban_duration.FromTimedelta(ban)
    return protobuf_error(status, message.SerializeToString(), headers)


def wrong_code(tries: int, ban: timedelta = timedelta(0)) -> Answer:
    """Return the response to an unknown, used or expired code (rule 35)."""
    return claim_refusal(401, "INVALID_ONE_TIME_CODE", tries, ban)


def banned(ban: timedelta) -> Answer:
    """Return the response to a banned network (rule 29)."""
    return claim_refusal(429, "TEMPORARY_BAN", 0, ban)


def upload_refusal(status: int, error: str, headers: dict[str, str] | None = None) -> Answer:
    """Return the response to a refused upload: two bytes."""
    number = wire.EncryptedUploadResponse.ErrorCode.Value(error)
    return protobuf_error(status, bytes((0x08, number)), headers)


UPLOADED: Final = protobuf(b"\x08\x00")  # rule 64


def outbreak_refusal(status: int, error: str, headers: dict[str, str] | None = None) -> Answer:
    """Return the response to a refused outbreak event: two bytes."""
    number = wire.OutbreakEventResponse.ErrorCode.Value(error)
    return protobuf_error(status, bytes((0x08, number)), headers)

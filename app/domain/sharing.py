"""The rules of shared secrets: the form of an envelope, how long it is kept, and what its receipt shows.

docs/sharing.md specifies the envelope. The server reads its header only, and cannot open the rest.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from app.domain.errors import MalformedEnvelopeError

TOKEN_BYTES: Final = 32  # of a locator, a receipt's token, and their digests
MIN_LIFETIME: Final = timedelta(minutes=5)
MAX_LIFETIME: Final = timedelta(days=7)
# What pages offer; the first is not the default: see DEFAULT_LIFETIME.
LIFETIMES: Final = tuple(
    timedelta(minutes=minutes) for minutes in (5, 30, 60, 4 * 60, 12 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60)
)
DEFAULT_LIFETIME: Final = timedelta(hours=1)
# How long a receipt is kept after its secret could have been read for the last time.
RECEIPT_RETENTION: Final = timedelta(days=7)

MAX_FIELDS_BYTES: Final = 1_000  # of a request, without an envelope

_VERSION: Final = 1
_HEADER_BYTES: Final = 35
_PUBLIC_KEY_BYTES: Final = 65
_TAG_BYTES: Final = 16
_BLOCK_BYTES: Final = 256
_MAX_TEXT_BYTES: Final = 64_000
_MAX_FILE_BYTES: Final = 1_000_000
_MAX_NAME_BYTES: Final = 255
_LENGTHS_BYTES: Final = 6


class Kind(Enum):
    """What an envelope holds."""

    TEXT = 1
    FILE = 2


class Protection(Enum):
    """What opens an envelope."""

    LINK = 0
    PASSPHRASE = 1
    REQUEST = 2


class Outcome(Enum):
    """What became of a secret."""

    WAITING = "waiting"
    READ = "read"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Header:
    """The part of an envelope that is authenticated but not encrypted."""

    kind: Kind
    protection: Protection
    lifetime: timedelta


@dataclass(frozen=True)
class Receipt:
    """What the sender may know: the outcome, until when the secret can be read, and the hour in which it ended."""

    outcome: Outcome
    expires: datetime
    hour: datetime | None


def read_header(envelope: bytes) -> Header:
    """Return the header of an envelope; raise MalformedEnvelopeError if it breaks a rule of version 1."""
    if len(envelope) < _HEADER_BYTES or envelope[0] != _VERSION:
        raise MalformedEnvelopeError
    try:
        kind, protection = Kind(envelope[1]), Protection(envelope[2])
    except ValueError:
        raise MalformedEnvelopeError from None
    header = _HEADER_BYTES + (_PUBLIC_KEY_BYTES if protection is Protection.REQUEST else 0)
    encrypted = len(envelope) - header - _TAG_BYTES
    if encrypted <= 0 or encrypted % _BLOCK_BYTES or encrypted > _max_content(kind):
        raise MalformedEnvelopeError
    return Header(kind, protection, check_lifetime(int.from_bytes(envelope[3:7], "big")))


def check_lifetime(seconds: int) -> timedelta:
    """Return the lifetime of so many seconds; raise MalformedEnvelopeError if it is too short or too long."""
    if not MIN_LIFETIME.total_seconds() <= seconds <= MAX_LIFETIME.total_seconds():
        raise MalformedEnvelopeError
    return timedelta(seconds=seconds)


def max_body_bytes() -> int:
    """Return the length of the longest request: an envelope in base64, and other fields."""
    envelope = _HEADER_BYTES + _PUBLIC_KEY_BYTES + _max_content(Kind.FILE) + _TAG_BYTES
    return envelope * 4 // 3 + MAX_FIELDS_BYTES


def _max_content(kind: Kind) -> int:
    name, data = (0, _MAX_TEXT_BYTES) if kind is Kind.TEXT else (_MAX_NAME_BYTES, _MAX_FILE_BYTES)
    length = _LENGTHS_BYTES + name + data
    return length + -length % _BLOCK_BYTES

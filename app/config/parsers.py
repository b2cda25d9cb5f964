"""Readers of one setting's text each. They raise ValueError saying what is wrong, and never repeat a secret."""

import binascii
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from app.crypto.sealing import SEALING_KEY_BYTES
from app.crypto.signing import SIGNING_KEY_BYTES, derive_signing_key, load_signing_key

T = TypeVar("T")

MIN_TOKEN_CHARACTERS = 20
MAX_TOKEN_CHARACTERS = 63
MAX_LABEL_CHARACTERS = 31
# What a token counts for that a platform made and nobody labelled. Settings refuses it in production.
DEMONSTRATION_LABEL = "demonstration"

_PLATFORM_SECRET = re.compile(r"[0-9a-f]{64}")  # what Heroku's `"generator": "secret"` makes


class ConfigurationError(Exception):
    """A setting is missing or malformed. The message is one line that names it."""


def text(raw: str) -> str:
    """Return the text as it is."""
    return raw


def long_text(minimum: int) -> Callable[[str], str]:
    """Make a reader of a text of at least so many characters."""

    def read(raw: str) -> str:
        if len(raw) < minimum:
            raise ValueError(f"has fewer than {minimum} characters")
        return raw

    return read


def optional(reader: Callable[[str], T]) -> Callable[[str], T | None]:
    """Make a reader for which the empty text is None."""
    return lambda raw: reader(raw) if raw else None


def integer(lowest: int, highest: int) -> Callable[[str], int]:
    """Make a reader of a whole number within bounds, both included."""

    def read(raw: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", raw) or not lowest <= int(raw) <= highest:
            raise ValueError(f"{raw!r} is not a whole number from {lowest} to {highest}")
        return int(raw)

    return read


def boolean(raw: str) -> bool:
    """Read `true` or `false`."""
    if raw not in ("true", "false"):
        raise ValueError(f"{raw!r} is neither true nor false")
    return raw == "true"


def switch(raw: str) -> bool:
    """Read `on` or `off`."""
    if raw not in ("on", "off"):
        raise ValueError(f"{raw!r} is neither on nor off")
    return raw == "on"


def address(*schemes: str) -> Callable[[str], str]:
    """Make a reader of an address of one of some schemes, such as `mailto:`."""

    def read(raw: str) -> str:
        if not raw.startswith(schemes) or not re.fullmatch(r"[!-~]+", raw) or raw in schemes:
            raise ValueError(f"{raw!r} is not an address that starts with {' or '.join(schemes)}")
        return raw

    return read


def exactly_true(raw: str) -> bool:
    """Read a switch that is off unless it says exactly `true` (protocol rule 102)."""
    return raw == "true"


def choices(allowed: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Make a reader of a comma-separated list in which every entry is one of those allowed."""

    def read(raw: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(part.strip() for part in raw.split(",")))
        for choice in chosen:
            if choice not in allowed:
                raise ValueError(f"{choice!r} is not one of {', '.join(allowed)}")
        return chosen

    return read


def region(raw: str) -> str:
    """Read a mobile country code."""
    if not re.fullmatch(r"[0-9]{3}", raw):
        raise ValueError(f"{raw!r} is not three digits")
    return raw


def hexadecimal(minimum_bytes: int) -> Callable[[str], bytes]:
    """Make a reader of hexadecimal digits for at least so many bytes."""

    def read(raw: str) -> bytes:
        try:
            value = binascii.unhexlify(raw)
        except ValueError:
            raise ValueError("is not an even number of hexadecimal digits") from None
        if len(value) < minimum_bytes:
            raise ValueError(f"has fewer than {minimum_bytes * 2} hexadecimal digits")
        return value

    return read


def sealing_keys(raw: str) -> tuple[bytes, ...]:
    """Read the keys that seal private keys at rest."""
    keys = tuple(hexadecimal(SEALING_KEY_BYTES)(part.strip()) for part in raw.split(","))
    if any(len(key) != SEALING_KEY_BYTES for key in keys):
        raise ValueError(f"has a key that is not {SEALING_KEY_BYTES * 2} hexadecimal digits")
    return keys


def signing_key(raw: str) -> Any:
    """Read the private key that signs archives: its DER form, or the 32 bytes alone that a platform can make."""
    key = hexadecimal(1)(raw)
    try:
        return derive_signing_key(key) if len(key) == SIGNING_KEY_BYTES else load_signing_key(key)
    except Exception:
        raise ValueError("is neither a P-256 private key in DER nor its 32 bytes alone") from None


def bearer_tokens(raw: str) -> Mapping[str, str]:
    """Read `token=label` pairs joined by colons into a mapping of token to label (protocol rule 107).

    A secret as a platform makes it, 64 hexadecimal digits and no label, is a token for demonstrations.
    """
    if _PLATFORM_SECRET.fullmatch(raw):
        return MappingProxyType({raw: DEMONSTRATION_LABEL})
    tokens: dict[str, str] = {}
    for number, pair in enumerate(raw.split(":"), start=1):
        token, equals, label = pair.partition("=")
        if not equals or not label:
            raise ValueError(f"pair {number} is not token=label")
        if not MIN_TOKEN_CHARACTERS <= len(token) <= MAX_TOKEN_CHARACTERS:
            raise ValueError(
                f"token of pair {number} has not {MIN_TOKEN_CHARACTERS} to {MAX_TOKEN_CHARACTERS} characters"
            )
        if len(label) > MAX_LABEL_CHARACTERS:
            raise ValueError(f"label of pair {number} has more than {MAX_LABEL_CHARACTERS} characters")
        if token in tokens:
            raise ValueError(f"token of pair {number} stands twice")
        tokens[token] = label
    return MappingProxyType(tokens)


def database_url(raw: str) -> str:
    """Read PostgreSQL's address and name our driver in it.

    Heroku hands out `postgres://`, which SQLAlchemy does not know, and its 2.1 loads psycopg 3 for `postgresql://`.
    """
    scheme, separator, rest = raw.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError("does not start with postgresql:// or postgres://")
    if not rest:
        raise ValueError("names no server")
    return f"postgresql+psycopg2://{rest}"


def archive_place(raw: str) -> str:
    """Read where archives are kept."""
    parts = urlsplit(raw)
    named = (parts.scheme == "file" and parts.path.startswith("/")) or (parts.scheme == "s3" and parts.netloc)
    if raw != "database" and not named:
        raise ValueError("is neither `database`, nor file:///folder, nor s3://bucket/prefix")
    return raw


def redis_url(raw: str) -> str:
    """Read Redis' address. Heroku's `rediss://` has a certificate that nobody signed: TLS, but without that check.

    An address that says itself what to check keeps its choice.
    """
    parts = urlsplit(raw)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError("does not start with redis:// or rediss://")
    query = parse_qs(parts.query)
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in query:
        query["ssl_cert_reqs"] = ["none"]
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))

"""Links, whose part after `#` is never sent to a server."""

import base64
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from clients.secret.envelope import public_bytes, read_public_key
from clients.secret.errors import LinkError

_SECRET: Final = re.compile(r"([sp])1\.([A-Za-z0-9_-]{43})")
_RECEIPT: Final = re.compile(r"t1\.([A-Za-z0-9_-]{43})")
_REQUEST: Final = re.compile(r"r1\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{87})")


@dataclass(frozen=True)
class SecretLink:
    """The link with which a secret is read: the service's address, and what follows `#`."""

    service: str
    secret: bytes
    has_passphrase: bool

    def __str__(self) -> str:
        return f"{self.service}/share/open#{'p' if self.has_passphrase else 's'}1.{encode(self.secret)}"


@dataclass(frozen=True)
class ReceiptLink:
    """The sender's link, which shows what became of a secret, and withdraws it."""

    service: str
    token: bytes

    def __str__(self) -> str:
        return f"{self.service}/share/receipt#t1.{encode(self.token)}"


@dataclass(frozen=True)
class RequestLink:
    """The link with which a secret is asked for: the digest of the locator, and the receiver's public key."""

    service: str
    digest: bytes
    receiver: EllipticCurvePublicKey

    def __str__(self) -> str:
        return f"{self.service}/share/answer#r1.{encode(self.digest)}.{encode(public_bytes(self.receiver))}"


def parse_secret(link: str) -> SecretLink:
    """Return the parts of a link to a secret; raise LinkError if it is incomplete."""
    service, match = _split(link, _SECRET)
    return SecretLink(service, decode(match[2]), match[1] == "p")


def parse_receipt(link: str) -> ReceiptLink:
    """Return the parts of a receipt's link; raise LinkError if it is incomplete."""
    service, match = _split(link, _RECEIPT)
    return ReceiptLink(service, decode(match[1]))


def parse_request(link: str) -> RequestLink:
    """Return the parts of a request's link; raise LinkError if it is incomplete."""
    service, match = _split(link, _REQUEST)
    try:
        return RequestLink(service, decode(match[1]), read_public_key(decode(match[2])))
    except ValueError:
        raise LinkError("the link is incomplete or was altered") from None


def encode(value: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _split(link: str, pattern: re.Pattern[str]) -> tuple[str, re.Match[str]]:
    parts = urlsplit(link.strip())
    match = pattern.fullmatch(parts.fragment)
    if match is None or parts.scheme not in ("https", "http") or not parts.netloc:
        raise LinkError("the link is incomplete, or is of another kind; copy all of it")
    return f"{parts.scheme}://{parts.netloc}", match

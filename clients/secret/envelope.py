"""Sealing and opening envelopes, as docs/sharing.md specifies them."""

import hashlib
import unicodedata
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as _generate
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clients.secret.content import Content, decode
from clients.secret.errors import EnvelopeError

VERSION: Final = 1
BY_LINK: Final = 0
BY_PASSPHRASE: Final = 1
FOR_REQUEST: Final = 2

SECRET_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 65
PASSPHRASE_ROUNDS: Final = 600_000
_LABEL: Final = b"exposure-alert sharing v1 "
_KEY_BYTES: Final = 32
_SALT: Final = slice(7, 23)
_NONCE: Final = slice(23, 35)
_HEADER_BYTES: Final = 35
_ALTERED: Final = "the envelope was altered, or the key or the passphrase is another"


@dataclass(frozen=True)
class Choices:
    """What the sender chooses or draws: the lifetime in seconds, and the random values."""

    lifetime: int
    salt: bytes = field(default_factory=lambda: token_bytes(16))
    nonce: bytes = field(default_factory=lambda: token_bytes(12))


def locator(secret: bytes) -> bytes:
    """Return what the reader sends to the server instead of a link's secret: 32 bytes."""
    return _hkdf(secret, b"", b"locator")


def digest(token: bytes) -> bytes:
    """Return what the server stores instead of a locator or of a receipt's token: its SHA-256."""
    return hashlib.sha256(token).digest()


def seal(content: Content, secret: bytes, choices: Choices, passphrase: str = "") -> bytes:
    """Return the envelope for a link with this secret, and for a passphrase if there is one."""
    protection = BY_PASSPHRASE if passphrase else BY_LINK
    header = _header(content.kind, protection, choices)
    return header + _encrypt(_link_key(secret, header, passphrase), header, content)


def seal_for(
    content: Content, receiver: EllipticCurvePublicKey, choices: Choices, own: EllipticCurvePrivateKey | None = None
) -> bytes:
    """Return the envelope for the public key of a request. `own` is a key pair for this envelope alone."""
    own = own or new_key_pair()
    header = _header(content.kind, FOR_REQUEST, choices) + public_bytes(own.public_key())
    return header + _encrypt(_shared_key(own, receiver, header, receiver), header, content)


def open_envelope(envelope: bytes, secret: bytes, passphrase: str = "") -> Content:
    """Return what an envelope holds; raise EnvelopeError if it was altered or the key is another."""
    header = _check(envelope, BY_PASSPHRASE if passphrase else BY_LINK)
    return _decrypt(_link_key(secret, header, passphrase), header, envelope)


def open_answer(envelope: bytes, own: EllipticCurvePrivateKey) -> Content:
    """Return what the envelope of an answer holds, with the key pair of the request."""
    header = _check(envelope, FOR_REQUEST)
    try:
        sender = read_public_key(header[_HEADER_BYTES:])
    except ValueError:
        raise EnvelopeError(_ALTERED) from None
    return _decrypt(_shared_key(own, sender, header, own.public_key()), header, envelope)


def new_key_pair() -> EllipticCurvePrivateKey:
    """Return a new key pair on P-256."""
    return _generate(SECP256R1())


def public_bytes(key: EllipticCurvePublicKey) -> bytes:
    """Return a public key as an uncompressed point, 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_public_key(point: bytes) -> EllipticCurvePublicKey:
    """Return the public key of an uncompressed point; raise ValueError if it is not on the curve."""
    if len(point) != PUBLIC_KEY_BYTES:
        raise ValueError("not an uncompressed point")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def _header(kind: int, protection: int, choices: Choices) -> bytes:
    return bytes((VERSION, kind, protection)) + choices.lifetime.to_bytes(4, "big") + choices.salt + choices.nonce


def _check(envelope: bytes, protection: int) -> bytes:
    """Return the header of an envelope that is protected in this way."""
    header = envelope[: _HEADER_BYTES + (PUBLIC_KEY_BYTES if protection == FOR_REQUEST else 0)]
    if len(envelope) <= len(header) or header[0] != VERSION or header[2] != protection:
        raise EnvelopeError(_ALTERED)
    return header


def _link_key(secret: bytes, header: bytes, passphrase: str) -> bytes:
    salt = header[_SALT]
    if not passphrase:
        return _hkdf(secret, salt, b"key")
    text = unicodedata.normalize("NFC", passphrase).encode()
    stretched = hashlib.pbkdf2_hmac("sha256", text, salt, PASSPHRASE_ROUNDS, _KEY_BYTES)
    return _hkdf(secret + stretched, salt, b"key with passphrase")


def _shared_key(
    own: EllipticCurvePrivateKey, other: EllipticCurvePublicKey, header: bytes, receiver: EllipticCurvePublicKey
) -> bytes:
    points = header[_HEADER_BYTES:] + public_bytes(receiver)
    return _hkdf(own.exchange(ECDH(), other), header[_SALT], b"answer" + points)


def _hkdf(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt, _LABEL + purpose).derive(key)


def _encrypt(key: bytes, header: bytes, content: Content) -> bytes:
    return AESGCM(key).encrypt(header[_NONCE], content.encode(), header)


def _decrypt(key: bytes, header: bytes, envelope: bytes) -> Content:
    try:
        encoded = AESGCM(key).decrypt(header[_NONCE], envelope[len(header) :], header)
    except (InvalidTag, ValueError):
        raise EnvelopeError(_ALTERED) from None
    return decode(header[1], encoded)

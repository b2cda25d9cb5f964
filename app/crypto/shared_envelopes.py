"""Sealing texts into envelopes of docs/sharing.md, for commands. Pages seal in the browser.

Nothing here opens an envelope.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET_BYTES: Final = 32
_VERSION, _TEXT, _BY_LINK, _FOR_REQUEST = 1, 1, 0, 2
_LABEL: Final = b"exposure-alert sharing v1 "
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_BLOCK_BYTES: Final = 256


@dataclass(frozen=True)
class SealedForLink:
    """An envelope, the secret of its link, and the digest of the locator."""

    envelope: bytes
    secret: bytes
    digest: bytes


def seal_for_link(text: str, lifetime: timedelta) -> SealedForLink:
    """Return a text sealed for a new link."""
    secret = secrets.token_bytes(SECRET_BYTES)
    header, salt, nonce = _header(_BY_LINK, lifetime)
    envelope = header + AESGCM(_derive(secret, salt, b"key")).encrypt(nonce, _content(text), header)
    return SealedForLink(envelope, secret, hashlib.sha256(_derive(secret, b"", b"locator")).digest())


def seal_for_request(text: str, receiver: EllipticCurvePublicKey, lifetime: timedelta) -> bytes:
    """Return the envelope of a text for the public key of a request."""
    own = generate_private_key(SECP256R1())
    header, salt, nonce = _header(_FOR_REQUEST, lifetime)
    header += _point(own.public_key())
    key = _derive(own.exchange(ECDH(), receiver), salt, b"answer" + _point(own.public_key()) + _point(receiver))
    return header + AESGCM(key).encrypt(nonce, _content(text), header)


def read_public_key(point: bytes) -> EllipticCurvePublicKey:
    """Return the public key of an uncompressed point; raise ValueError if it is not one."""
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def _header(protection: int, lifetime: timedelta) -> tuple[bytes, bytes, bytes]:
    """Return the header without a public key, the salt, and the nonce."""
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    seconds = int(lifetime.total_seconds()).to_bytes(4, "big")
    return bytes((_VERSION, _TEXT, protection)) + seconds + salt + nonce, salt, nonce


def _content(text: str) -> bytes:
    data = text.encode()
    encoded = bytes(2) + len(data).to_bytes(4, "big") + data
    return encoded + bytes(-len(encoded) % _BLOCK_BYTES)


def _derive(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt, _LABEL + purpose).derive(key)


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

"""The keys of the portal: one for each purpose, derived from PORTAL_SECRET_KEYS with HKDF-SHA-256 (RFC 5869).

The first secret is used for everything new. Values that were made with the others are still accepted, so a secret is
replaced by adding a new one in front and removing the old one later.
"""

import base64
import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from app.domain.errors import UnsealingError

KEY_BYTES: Final = 32


class PortalKeys:
    """The derived keys of a process."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        """Use secrets of 32 bytes each; the first is the current one."""
        self._secrets = secrets

    def cookie_keys(self) -> list[bytes]:
        """Return the keys that sign cookies, the current one first."""
        return [_derive(secret, "cookie") for secret in self._secrets]

    def digest(self, purpose: str, value: str) -> bytes:
        """Return the keyed hash of a value, 32 bytes, as it is stored."""
        return _mac(_derive(self._secrets[0], purpose), value.encode())

    def digests(self, purpose: str, value: str) -> list[bytes]:
        """Return the keyed hashes of a value with every secret, for looking up what is stored."""
        return [_mac(_derive(secret, purpose), value.encode()) for secret in self._secrets]

    def chain(self, previous: bytes, entry: bytes) -> bytes:
        """Return the keyed hash of an entry of the audit log and of the hash before it, 32 bytes."""
        return _mac(_derive(self._secrets[0], "audit"), previous + entry)

    def continues(self, previous: bytes, entry: bytes, mac: bytes) -> bool:
        """Return whether `mac` is that of the entry after `previous`, with any of the secrets."""
        return any(hmac.compare_digest(_mac(_derive(s, "audit"), previous + entry), mac) for s in self._secrets)

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Return the plaintext sealed with XChaCha20-Poly1305 for one context, such as an account and a field."""
        return bytes(Aead(_derive(self._secrets[0], "seal")).encrypt(plaintext, context.encode()))

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return the plaintext; raise UnsealingError if it was altered, or sealed with another key or context."""
        for secret in self._secrets:
            try:
                return Aead(_derive(secret, "seal")).decrypt(sealed, context.encode())
            except CryptoError:
                continue
        raise UnsealingError

    def submission_tokens(self, label: str) -> list[str]:
        """Return the portal's tokens for a jurisdiction's codes: the current one, and those of old secrets."""
        digests = self.digests("submission token", label)
        return [base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests]

    def poster_seed(self) -> bytes:
        """Return the seed of the key that signs posters, if the portal was given none, 32 bytes.

        It is derived from the oldest secret, because a new one in front must not change what phones verify.
        """
        return _derive(self._secrets[-1], "poster signature")

    def hash_ids(self, reference: str) -> list[str]:
        """Return the hashIDs of a code's reference, 128 hexadecimal digits: the current one, and those of old secrets.

        HashIDs are derived, so the database of the portal has nothing that leads to a key pair.
        """
        return [
            hmac.new(_derive(secret, "hashID"), reference.encode(), hashlib.sha512).hexdigest()
            for secret in self._secrets
        ]


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"exposure-alert portal {purpose}".encode()).derive(secret)


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()

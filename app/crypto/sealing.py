"""Keys and codes at rest: neither can be used by somebody who has the database and not the sealing keys.

A server private key is stored sealed, with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha). A sealed value is

    version (1 byte) | id of the sealing key (4 bytes) | nonce (24 bytes) | ciphertext and tag (32 + 16 bytes)

The public key of the pair is authenticated with it, so a sealed value cannot be moved to another row.

Of a one-time code a keyed hash is stored: keyed BLAKE2b (RFC 7693), in as many characters as a code has.
"""

import base64
import hashlib
from typing import Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError
from nacl.utils import random

from app.domain.limits import MAX_ONE_TIME_CODE_CHARACTERS

PRIVATE_KEY_BYTES: Final = 32
SEALING_KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 24
_NO_CODE_BEGINS_WITH: Final = "~"  # so nobody can type what a reader of the database has seen


class SealBroken(Exception):  # noqa: N818 - the name says it
    """The value was sealed with a key that is not in the ring, belongs to another row, or was altered."""


class SealingRing:
    """The sealing keys of a process: the first seals, all of them open."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        if not keys or any(len(key) != SEALING_KEY_BYTES for key in keys):
            raise ValueError(f"a sealing key is {SEALING_KEY_BYTES} bytes, and there is at least one")
        self._keys = {_key_id(key): key for key in keys}
        self._current = _key_id(keys[0])

    def seal(self, private_key: bytes, public_key: bytes) -> bytes:
        """Return the private key (32 bytes) sealed for the row of its public key."""
        nonce = random(_NONCE_BYTES)
        header = _VERSION + self._current
        boxed = crypto_aead_xchacha20poly1305_ietf_encrypt(
            private_key, header + public_key, nonce, self._keys[self._current]
        )
        return header + nonce + boxed

    def open(self, sealed: bytes, public_key: bytes) -> bytes:
        """Return the private key; raise SealBroken if it cannot be opened.

        A value of 32 bytes is a bare key, as rows moved over from the public server have it, until
        `flask keys reseal` seals it.
        """
        if len(sealed) == PRIVATE_KEY_BYTES:
            return sealed
        header, nonce = sealed[: 1 + _ID_BYTES], sealed[1 + _ID_BYTES : 1 + _ID_BYTES + _NONCE_BYTES]
        key = self._keys.get(header[1:])
        if header[:1] != _VERSION or key is None:
            raise SealBroken
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed[len(header) + len(nonce) :], header + public_key, nonce, key
            )
        except (CryptoError, ValueError, TypeError):
            raise SealBroken from None

    def stored_code(self, code: str) -> str:
        """Return what is stored of a new code: ten characters, the first of which stands in no code.

        The others have 54 bits. With a million codes that wait, one guess in 18 thousand million meets another
        code's: 25 thousand times less often than it is right, since codes themselves have 39 bits.
        """
        return _code_hash(code, self._keys[self._current])

    def stored_codes(self, code: str) -> list[str]:
        """Return all that may be stored of a code: under each key, and bare, as rows moved from the public server."""
        return [*(_code_hash(code, key) for key in self._keys.values()), code]

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether the value is sealed with the first key, so that there is nothing to rotate."""
        return sealed[: 1 + _ID_BYTES] == _VERSION + self._current and len(sealed) > PRIVATE_KEY_BYTES


def _key_id(key: bytes) -> bytes:
    """Return four bytes that name a sealing key without telling anything about it."""
    return hashlib.blake2b(key, digest_size=_ID_BYTES, person=b"sealing-key-id").digest()


def _code_hash(code: str, key: bytes) -> str:
    digest = hashlib.blake2b(code.encode(), key=key, person=b"one-time code").digest()
    return _NO_CODE_BEGINS_WITH + base64.urlsafe_b64encode(digest)[: MAX_ONE_TIME_CODE_CHARACTERS - 1].decode()

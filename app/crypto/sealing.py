"""Private keys, one-time codes and hashIDs at rest: a reader of the database without the sealing keys cannot use them.

A server private key is sealed with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha). A sealed value is

    version (1 byte) | id of the sealing key (4 bytes) | nonce (24 bytes) | ciphertext and tag (32 + 16 bytes)

The public key of the pair is additional authenticated data, so a sealed value cannot be moved to another row.

A one-time code is stored as a keyed BLAKE2b hash (RFC 7693) with as many characters as a code, and a hashID as a keyed
BLAKE2b hash of 256 bits.
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

from app.domain.errors import UnsealingError
from app.domain.limits import MAX_ONE_TIME_CODE_CHARACTERS

PRIVATE_KEY_BYTES: Final = 32
SEALING_KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 24
_HASH_PREFIX: Final = "~"  # in no code and no hashID, so that a stored hash cannot be sent as if it were one
_HASH_ID_BYTES: Final = 32
_LOCK_BYTES: Final = 8


class SealingRing:
    """The sealing keys of a process: the first seals, and all of them open."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        if not keys or any(len(key) != SEALING_KEY_BYTES for key in keys):
            raise ValueError(f"at least one sealing key of {SEALING_KEY_BYTES} bytes is required")
        self._keys = {_key_id(key): key for key in keys}
        self._current = _key_id(keys[0])

    def seal(self, private_key: bytes, public_key: bytes) -> bytes:
        """Return a private key (32 bytes) sealed for the row of its public key."""
        nonce = random(_NONCE_BYTES)
        header = _VERSION + self._current
        boxed = crypto_aead_xchacha20poly1305_ietf_encrypt(
            private_key, header + public_key, nonce, self._keys[self._current]
        )
        return header + nonce + boxed

    def open(self, sealed: bytes, public_key: bytes) -> bytes:
        """Return the private key (32 bytes); raise UnsealingError if it cannot be opened.

        A value of 32 bytes is an unsealed key of a row copied from the public server. `flask keys reseal` seals it.
        """
        if len(sealed) == PRIVATE_KEY_BYTES:
            return sealed
        header, nonce = sealed[: 1 + _ID_BYTES], sealed[1 + _ID_BYTES : 1 + _ID_BYTES + _NONCE_BYTES]
        key = self._keys.get(header[1:])
        if header[:1] != _VERSION or key is None:
            raise UnsealingError
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed[len(header) + len(nonce) :], header + public_key, nonce, key
            )
        except (CryptoError, ValueError, TypeError):
            raise UnsealingError from None

    def stored_code(self, code: str) -> str:
        """Return the stored form of a new code: ten characters, the first of which occurs in no code.

        The other nine hold 54 bits. Codes have 39 bits, so with a million unclaimed codes a guess is right 25,000 times
        as often as its hash collides with that of another code.
        """
        return _code_hash(code, self._keys[self._current])

    def stored_codes(self, code: str) -> list[str]:
        """Return all stored forms of a code: hashed with each key, and in clear, as in rows of the public server."""
        return [*(_code_hash(code, key) for key in self._keys.values()), code]

    def stored_hash_id(self, hash_id: str) -> str:
        """Return the stored form of a new hashID: 44 characters, the first of which occurs in no hashID."""
        return _hash_id_hash(hash_id, self._keys[self._current])

    def stored_hash_ids(self, hash_id: str) -> list[str]:
        """Return all stored forms of a hashID: hashed with each key, and in clear, as in rows of the public server."""
        return [*(_hash_id_hash(hash_id, key) for key in self._keys.values()), hash_id]

    def hash_id_locks(self, hash_id: str) -> list[int]:
        """Return the advisory locks of a hashID, in the order in which to acquire them: one for each key.

        During a rotation two processes have different keys, but at least one in common. Requests for the same hashID
        therefore have a lock in common, whatever their processes store.
        """
        return sorted(_hash_id_lock(hash_id, key) for key in self._keys.values())

    def is_current(self, sealed: bytes) -> bool:
        """Return whether the value is sealed with the first key, so that it need not be resealed."""
        return sealed[: 1 + _ID_BYTES] == _VERSION + self._current and len(sealed) > PRIVATE_KEY_BYTES


def _key_id(key: bytes) -> bytes:
    """Return four bytes that identify a sealing key and reveal nothing about it."""
    return hashlib.blake2b(key, digest_size=_ID_BYTES, person=b"sealing-key-id").digest()


def _code_hash(code: str, key: bytes) -> str:
    digest = hashlib.blake2b(code.encode(), key=key, person=b"one-time code").digest()
    return _HASH_PREFIX + base64.urlsafe_b64encode(digest)[: MAX_ONE_TIME_CODE_CHARACTERS - 1].decode()


def _hash_id_hash(hash_id: str, key: bytes) -> str:
    digest = hashlib.blake2b(hash_id.encode(), key=key, digest_size=_HASH_ID_BYTES, person=b"hashID").digest()
    return _HASH_PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _hash_id_lock(hash_id: str, key: bytes) -> int:
    digest = hashlib.blake2b(hash_id.encode(), key=key, digest_size=_LOCK_BYTES, person=b"hashID lock").digest()
    return int.from_bytes(digest, "big", signed=True)


def is_hashed(hash_id: str) -> bool:
    """Return whether a stored hashID is hashed, not in clear as in rows of the public server."""
    return hash_id.startswith(_HASH_PREFIX)

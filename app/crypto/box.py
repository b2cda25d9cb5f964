"""The NaCl box in which phones send their keys: Curve25519, XSalsa20, Poly1305 (rule 54)."""

from nacl.bindings import crypto_box, crypto_box_keypair, crypto_box_open
from nacl.exceptions import CryptoError


class BoxNotOpened(Exception):  # noqa: N818 - it is an answer, not a fault
    """The box was not sealed for this pair of keys, or was altered on its way."""


def generate_key_pair() -> tuple[bytes, bytes]:
    """Return a fresh Curve25519 pair: (private, public), 32 bytes each."""
    public, private = crypto_box_keypair()
    return private, public


def seal_box(plaintext: bytes, nonce: bytes, *, private_key: bytes, receiver_public_key: bytes) -> bytes:
    """Return a plaintext boxed as phones do it."""
    return crypto_box(plaintext, nonce, receiver_public_key, private_key)


def open_box(payload: bytes, nonce: bytes, *, private_key: bytes, sender_public_key: bytes) -> bytes:
    """Return what was boxed. The tag of 16 bytes comes first, the nonce (24 bytes) travels apart.

    Raises BoxNotOpened; a sender key with which no shared secret exists (a point of small order) is such a case.
    """
    try:
        # `nacl.public` would first compute the public half of the private key, which nobody needs.
        return crypto_box_open(payload, nonce, sender_public_key, private_key)
    except CryptoError:
        raise BoxNotOpened from None

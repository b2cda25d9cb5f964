"""The NaCl box in which phones send their keys: Curve25519, XSalsa20 and Poly1305 (rule 54)."""

from nacl.bindings import crypto_box, crypto_box_keypair, crypto_box_open
from nacl.exceptions import CryptoError

from app.domain.errors import BoxDecryptionError


def generate_key_pair() -> tuple[bytes, bytes]:
    """Return a new Curve25519 key pair: (private, public), 32 bytes each."""
    public, private = crypto_box_keypair()
    return private, public


def seal_box(plaintext: bytes, nonce: bytes, *, private_key: bytes, receiver_public_key: bytes) -> bytes:
    """Return a plaintext encrypted as phones do it: tag (16 bytes) and ciphertext."""
    return crypto_box(plaintext, nonce, receiver_public_key, private_key)


def open_box(payload: bytes, nonce: bytes, *, private_key: bytes, sender_public_key: bytes) -> bytes:
    """Return the plaintext of a box: tag (16 bytes) and ciphertext. The nonce (24 bytes) is sent separately.

    Raises BoxDecryptionError, also for a sender key of low order, with which no shared secret exists.
    """
    try:
        # `nacl.public` would also compute the public key of the private key, which is not needed here.
        return crypto_box_open(payload, nonce, sender_public_key, private_key)
    except CryptoError:
        raise BoxDecryptionError from None

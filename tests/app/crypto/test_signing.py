"""Signatures of exports (app/crypto/signing.py)."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.crypto.signing import (
    generate_signing_key,
    is_signed_by,
    load_public_key,
    load_signing_key,
    public_key_pem,
    sign_digest,
)


def test_a_signature_is_valid_for_its_message_only() -> None:
    key = load_signing_key(bytes.fromhex(generate_signing_key()))
    signature = sign_digest(key, hashlib.sha256(b"message").digest())
    assert is_signed_by(key.public_key(), signature, b"message")
    assert not is_signed_by(key.public_key(), signature, b"massage")
    assert not is_signed_by(key.public_key(), b"no signature", b"message")


def test_the_public_half_is_read_from_pem_and_der() -> None:
    key = load_signing_key(bytes.fromhex(generate_signing_key()))
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    numbers = key.public_key().public_numbers()
    assert load_public_key(public_key_pem(key).encode()).public_numbers() == numbers
    assert load_public_key(der).public_numbers() == numbers


def test_signing_requires_a_p256_key() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(ValueError, match="P-256"):
        load_signing_key(other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def test_verifying_requires_an_elliptic_curve_key() -> None:
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    with pytest.raises(ValueError, match="elliptic"):
        load_public_key(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

"""The signature of an export archive: ECDSA on P-256 over SHA-256, as ASN.1 DER (rules 86 and 88)."""

from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_public_key,
)

SIGNING_KEY_BYTES = 32


class SigningKey(Protocol):
    """A private key on P-256: in this process (cryptography's own class), or in a key service."""

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public key."""

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the DER signature of `data`."""


def generate_signing_key() -> str:
    """Return a new private key in the form of ECDSA_KEY: hexadecimal SEC 1 DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()).hex()


def load_signing_key(der: bytes) -> ec.EllipticCurvePrivateKey:
    """Load a private key from DER (SEC 1 or PKCS #8); raise ValueError if it is not a key on P-256."""
    key = load_der_private_key(der, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a private key on the curve P-256")
    return key


def derive_signing_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the private key with this scalar (32 bytes); raise ValueError if it is not between 1 and the order.

    About one random value in 4e9 is out of range.
    """
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def sign_digest(key: SigningKey, digest: bytes) -> bytes:
    """Return the DER signature of the message with this SHA-256 digest (32 bytes)."""
    return key.sign(digest, ec.ECDSA(Prehashed(SHA256())))


def public_key_pem(key: SigningKey) -> str:
    """Return the public key as PEM, for app developers."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def load_public_key(data: bytes) -> ec.EllipticCurvePublicKey:
    """Load a public key from PEM or DER; raise ValueError if it is neither."""
    key = load_pem_public_key(data) if data.lstrip().startswith(b"-----") else load_der_public_key(data)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("not an elliptic-curve public key")
    return key


def is_signed_by(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    """Return whether the signature of the message is valid under the key."""
    try:
        key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True

"""AWS for tests: credentials that open nothing, and signatures of digests, which moto does not have."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.kms.utils import ECDSAPrivateKey

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "ca-central-1"}


def set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what boto3 requires."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def sign_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moto sign what AWS signs with MessageType DIGEST: the digest itself. Moto would hash it once more."""

    def sign(key: Any, message: bytes, signing_algorithm: str) -> bytes:
        assert signing_algorithm == "ECDSA_SHA_256"
        signature: bytes = key.private_key.sign(message, ec.ECDSA(Prehashed(SHA256())))
        return signature

    monkeypatch.setattr(ECDSAPrivateKey, "sign", sign)

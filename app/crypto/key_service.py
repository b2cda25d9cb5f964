"""Keys that stay in AWS KMS: one signs archives, and one opens settings that were encrypted for it.

A setting is encrypted with AES-256-GCM under a data key of its own, and the data key by KMS (envelope encryption, so
that its length is not limited to the 4 kilobytes of KMS). An envelope is

    version (1 byte) | length of the encrypted data key (2 bytes) | encrypted data key | nonce (12) | ciphertext and tag

The setting's name is additional authenticated data and KMS's encryption context, so an envelope serves no other
setting, and the log of KMS shows which setting was opened. Credentials, region and endpoint are the variables of boto3
(AWS_…).
"""

import base64
import binascii
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.domain.errors import KeyServiceError

_VERSION: Final = b"\x01"
_LENGTH_BYTES: Final = 2
_NONCE_BYTES: Final = 12


class KmsSigningKey:
    """A private key on P-256 that never leaves KMS. It is contacted when the key is first used."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public key, which is requested once. Raises KeyServiceError."""
        return self._public_key

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the DER signature of a SHA-256 digest (32 bytes). Raises KeyServiceError."""
        if not isinstance(signature_algorithm.algorithm, Prehashed):
            raise TypeError("only digests are signed, so that archives are not sent to KMS")
        with _reported(self._key_id):
            signature: bytes = self._client.sign(
                KeyId=self._key_id, Message=data, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )["Signature"]
        return signature

    @cached_property
    def _client(self) -> Any:
        return aws_client("kms")

    @cached_property
    def _public_key(self) -> ec.EllipticCurvePublicKey:
        with _reported(self._key_id):
            key = load_der_public_key(self._client.get_public_key(KeyId=self._key_id)["PublicKey"])
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise KeyServiceError(f"{self._key_id} is not a key on the curve P-256 (ECC_NIST_P256)")
        return key


def seal_setting(key_id: str, name: str, value: str) -> str:
    """Return the envelope of a setting's value in URL-safe base64. Raises KeyServiceError."""
    with _reported(key_id):
        made = aws_client("kms").generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=_context(name))
    encrypted_key, nonce = made["CiphertextBlob"], os.urandom(_NONCE_BYTES)
    boxed = AESGCM(made["Plaintext"]).encrypt(nonce, value.encode(), _VERSION + name.encode())
    length = len(encrypted_key).to_bytes(_LENGTH_BYTES, "big")
    return base64.urlsafe_b64encode(_VERSION + length + encrypted_key + nonce + boxed).decode()


def open_setting(key_id: str, name: str, envelope: str) -> str:
    """Return the value of a setting. Raises KeyServiceError, also for an envelope that was made for another setting."""
    try:
        raw = base64.b64decode(envelope, altchars=b"-_", validate=True)
    except binascii.Error:
        raise KeyServiceError("the encrypted value is not in URL-safe base64") from None
    begin = len(_VERSION) + _LENGTH_BYTES
    end = begin + int.from_bytes(raw[len(_VERSION) : begin], "big")
    encrypted_key, nonce, boxed = raw[begin:end], raw[end : end + _NONCE_BYTES], raw[end + _NONCE_BYTES :]
    if raw[:1] != _VERSION or not encrypted_key or not boxed:
        raise KeyServiceError("the encrypted value is incomplete, or of an unknown version")
    with _reported(key_id):
        data_key = aws_client("kms").decrypt(
            KeyId=key_id, CiphertextBlob=encrypted_key, EncryptionContext=_context(name)
        )["Plaintext"]
    try:
        return AESGCM(data_key).decrypt(nonce, boxed, _VERSION + name.encode()).decode()
    except (InvalidTag, ValueError):
        raise KeyServiceError("the encrypted value was changed") from None


def read_secret(name: str) -> str:
    """Return the current text of a secret in Secrets Manager, by its name or ARN. Raises KeyServiceError."""
    with _reported(name):
        text: str | None = aws_client("secretsmanager").get_secret_value(SecretId=name).get("SecretString")
    if text is None:
        raise KeyServiceError(f"{name} holds bytes, not text")
    return text


def write_secret(name: str, text: str) -> None:
    """Replace the current text of a secret in Secrets Manager, which keeps the former one. Raises KeyServiceError."""
    with _reported(name):
        aws_client("secretsmanager").put_secret_value(SecretId=name, SecretString=text)


def aws_client(service: str, *, read_seconds: float = 15, attempts: int = 3) -> Any:
    """Return a client that gives up a silent server after so many attempts; by default within a minute."""
    # Imported only if AWS is used: boto3 is large, and slow to import.
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=min(5, read_seconds),
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    return boto3.client(service, config=config)


def _context(name: str) -> dict[str, str]:
    return {"setting": name}


@contextmanager
def _reported(name: str) -> Iterator[None]:
    """Raise KeyServiceError with the code of AWS's error, whose own text may quote a request."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise KeyServiceError(f"{name}: {error.response['Error']['Code']}") from None
    except BotoCoreError as error:  # no network, no region, no credentials
        raise KeyServiceError(f"{name}: {type(error).__name__}") from None

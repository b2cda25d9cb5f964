"""Keys that stay in AWS KMS. KMS is moto's."""

import hashlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from moto import mock_aws

from app.crypto.key_service import KmsSigningKey, open_setting, seal_setting
from app.crypto.signing import is_signed_by, public_key_pem, sign_digest
from app.domain.errors import KeyServiceError
from tests.support.aws import set_credentials, sign_digests

KEY = "alias/settings"
VALUE = "a value longer than the four kilobytes that KMS itself encrypts" * 100


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """KMS with one key for settings."""
    set_credentials(monkeypatch)
    sign_digests(monkeypatch)
    with mock_aws():
        client = boto3.client("kms")
        key = client.create_key()["KeyMetadata"]["KeyId"]
        client.create_alias(AliasName=KEY, TargetKeyId=key)
        yield client


def make_signing_key(kms: Any, spec: str = "ECC_NIST_P256") -> str:
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)
    return str(made["KeyMetadata"]["KeyId"])


def test_an_encrypted_setting_is_opened_again(kms: Any) -> None:
    envelope = seal_setting(KEY, "SECRET_KEY", VALUE)
    assert open_setting(KEY, "SECRET_KEY", envelope) == VALUE


def test_equal_values_have_different_envelopes(kms: Any) -> None:
    assert seal_setting(KEY, "SECRET_KEY", VALUE) != seal_setting(KEY, "SECRET_KEY", VALUE)


def test_a_key_that_was_rotated_in_kms_still_opens_what_it_sealed(kms: Any) -> None:
    envelope = seal_setting(KEY, "SECRET_KEY", VALUE)
    kms.enable_key_rotation(KeyId=kms.describe_key(KeyId=KEY)["KeyMetadata"]["KeyId"])
    assert open_setting(KEY, "SECRET_KEY", envelope) == VALUE


def test_an_envelope_of_another_setting_is_refused(kms: Any) -> None:
    envelope = seal_setting(KEY, "SECRET_KEY", VALUE)
    with pytest.raises(KeyServiceError, match="InvalidCiphertextException"):
        open_setting(KEY, "SHARING_SECRET_KEY", envelope)


def test_a_changed_envelope_is_refused(kms: Any) -> None:
    envelope = seal_setting(KEY, "SECRET_KEY", VALUE)
    changed = envelope[:-8] + ("AAAAAAAA" if envelope[-8:] != "AAAAAAAA" else "BBBBBBBB")
    with pytest.raises(KeyServiceError, match="was changed"):
        open_setting(KEY, "SECRET_KEY", changed)


@pytest.mark.parametrize("envelope", ["", "!", "AQ==", "AgAAAAAA", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_what_is_no_envelope_is_refused_without_asking_kms(envelope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.crypto.key_service.aws_client", lambda _: pytest.fail("KMS was contacted"))
    with pytest.raises(KeyServiceError, match="encrypted value"):
        open_setting(KEY, "SECRET_KEY", envelope)


def test_a_key_that_does_not_exist_is_named(kms: Any) -> None:
    with pytest.raises(KeyServiceError, match="alias/missing: NotFoundException"):
        seal_setting("alias/missing", "SECRET_KEY", VALUE)


def test_without_a_region_the_error_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(KeyServiceError, match="NoRegionError"):
        seal_setting(KEY, "SECRET_KEY", VALUE)


def test_a_digest_is_signed_in_kms(kms: Any) -> None:
    key = KmsSigningKey(make_signing_key(kms))
    signature = sign_digest(key, hashlib.sha256(b"an export").digest())
    assert is_signed_by(key.public_key(), signature, b"an export")
    assert public_key_pem(key).startswith("-----BEGIN PUBLIC KEY-----")


def test_only_a_digest_is_sent_to_kms(kms: Any) -> None:
    with pytest.raises(TypeError, match="only digests"):
        KmsSigningKey(make_signing_key(kms)).sign(b"an export", ec.ECDSA(SHA256()))


def test_a_key_on_another_curve_is_refused(kms: Any) -> None:
    with pytest.raises(KeyServiceError, match="P-256"):
        KmsSigningKey(make_signing_key(kms, "ECC_NIST_P384")).public_key()

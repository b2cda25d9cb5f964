"""Secrets that a setting refers to: files, AWS Secrets Manager and AWS KMS (moto's)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from app.config import ConfigurationError, Settings
from app.config.references import replace, resolve
from app.crypto.key_service import KmsSigningKey, seal_setting
from tests.support.aws import set_credentials
from tests.support.settings import SECRETS

URLS = {"DATABASE_URL": "postgres://host/name", "REDIS_URL": "redis://host"}
NAME = "exposure-alert/submission"


def settings(**overrides: str) -> Settings:
    return Settings.from_environment(SECRETS | URLS | overrides)


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Secrets Manager with a secret that is JSON of two settings, and two whose text is not."""
    set_credentials(monkeypatch)
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name=NAME, SecretString=json.dumps({"SECRET_KEY": "ab" * 32, "OTHER": 1}))
        client.create_secret(Name="words", SecretString="some words")
        client.create_secret(Name="list", SecretString="[]")
        yield client


def test_a_value_that_is_no_reference_is_itself() -> None:
    assert resolve("SECRET_KEY", "ab" * 32) == "ab" * 32


def test_a_secret_is_read_from_a_file_without_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    assert settings(SECRET_KEY=f"file://{tmp_path}/key").submission.secret_key == b"\xab" * 32


def test_a_setting_that_is_not_secret_is_no_reference(tmp_path: Path) -> None:
    assert settings(ARCHIVE_FILES=f"file://{tmp_path}").retrieval.archive_files == f"file://{tmp_path}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "No such file"), (b"", "is empty"), (b"\xff", "not text"), (b"a" * 65_537, "longer than 65536")],
)
def test_a_file_that_cannot_be_used_is_named_and_not_quoted(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"^SECRET_KEY: {path} .*{problem}") as caught:
        settings(SECRET_KEY=f"file://{path}")
    assert "aaaa" not in str(caught.value)


def test_the_longest_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a" * 65_536)
    assert len(resolve("SECRET_KEY", f"file://{tmp_path}/key")) == 65_536


def test_a_file_whose_value_is_malformed_fails_as_the_setting_does(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc\tdef")
    with pytest.raises(ConfigurationError, match="SECRET_KEY: contains a control character"):
        settings(SECRET_KEY=f"file://{tmp_path}/key")


def test_a_field_of_a_secret_is_read_from_secrets_manager(secrets_manager: Any) -> None:
    assert settings(SECRET_KEY=f"aws-secret://{NAME}#SECRET_KEY").submission.secret_key == b"\xab" * 32
    secrets_manager.create_secret(Name="whole", SecretString="cd" * 32)
    arn = secrets_manager.describe_secret(SecretId="whole")["ARN"]
    assert settings(SECRET_KEY=f"aws-secret://{arn}").submission.secret_key == b"\xcd" * 32


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("aws-secret://missing", "missing: ResourceNotFoundException"),
        (f"aws-secret://{NAME}#NOTHING", "not JSON with the field NOTHING"),
        ("aws-secret://words#SECRET_KEY", "not JSON with the field SECRET_KEY"),
        ("aws-secret://list#SECRET_KEY", "not JSON with the field SECRET_KEY"),
        (f"aws-secret://{NAME}#OTHER", "the field OTHER .* is not text"),
        ("aws-secret://", "names no key or secret"),
        ("aws-kms://#AQ==", "names no key or secret"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named(secrets_manager: Any, reference: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"SECRET_KEY: .*{problem}"):
        settings(SECRET_KEY=reference)


def test_an_encrypted_setting_is_decrypted_at_the_start(secrets_manager: Any) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    envelope = seal_setting(key, "SECRET_KEY", "ef" * 32)
    assert settings(SECRET_KEY=f"aws-kms://{key}#{envelope}").submission.secret_key == b"\xef" * 32


def test_a_signing_key_of_kms_is_not_contacted_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.crypto.key_service.aws_client", lambda _: pytest.fail("KMS was contacted"))
    assert isinstance(settings(ECDSA_KEY="aws-kms://alias/archives").retrieval.ecdsa_key, KmsSigningKey)


def test_a_field_is_replaced_and_the_others_stay(secrets_manager: Any) -> None:
    replace(f"aws-secret://{NAME}#SECRET_KEY", "new")
    stored = json.loads(secrets_manager.get_secret_value(SecretId=NAME)["SecretString"])
    assert stored == {"SECRET_KEY": "new", "OTHER": 1}


def test_a_secret_without_fields_is_replaced_as_a_whole(secrets_manager: Any) -> None:
    secrets_manager.create_secret(Name="whole", SecretString="old")
    replace("aws-secret://whole", "new")
    assert secrets_manager.get_secret_value(SecretId="whole")["SecretString"] == "new"


def test_a_replaced_file_keeps_its_permissions_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    path.chmod(0o640)
    replace(f"file://{path}", "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new\n", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_is_named_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=f"^{tmp_path}/folder cannot be replaced: Is a directory"):
        replace(f"file://{tmp_path}/folder", "new")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_value_in_the_environment_cannot_be_replaced() -> None:
    with pytest.raises(ValueError, match="is in the environment"):
        replace("ab" * 32, "new")

"""`flask secrets encrypt` and `flask secrets rotate`."""

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from click.testing import Result
from moto import mock_aws

from app.config.references import resolve
from tests.support.aws import set_credentials
from tests.support.service import Service, exposure_key

OLD = "cc" * 32


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that SEALING_KEYS refers to."""
    path = tmp_path / "sealing-keys"
    path.write_text(OLD)
    monkeypatch.setenv("SEALING_KEYS", f"file://{path}")
    return path


@pytest.fixture
def restarted(make_service: Callable[..., Service], stored: Path) -> Callable[[], Service]:
    """Start a process that reads the present keys."""
    return lambda: make_service(SEALING_KEYS=f"file://{stored}")


def run(service: Service, *words: str, given: str = "") -> Result:
    return service.app.test_cli_runner().invoke(args=words, input=given)


def rotate(service: Service, step: str, *words: str, given: str = "") -> Result:
    return run(service, "secrets", "rotate", "SEALING_KEYS", step, *words, given=given)


def test_a_rotation_step_by_step(restarted: Callable[[], Service], stored: Path) -> None:
    service = restarted()
    phone = service.pair()
    added = rotate(service, "add")
    old, new = stored.read_text().strip().split(",")
    assert (added.exit_code, old) == (0, OLD)
    key = added.stdout.split()[-1]
    for _ in range(2):
        assert rotate(restarted(), "use", "--key", key).exit_code == 0
        assert stored.read_text().strip() == f"{new},{OLD}"
    service = restarted()
    early = rotate(service, "retire", "--yes")
    assert (early.exit_code, "1 private keys are sealed with an old key" in early.output) == (1, True)
    assert run(service, "keys", "reseal").exit_code == 0
    assert rotate(service, "retire", "--yes").exit_code == 0
    assert stored.read_text().strip() == new
    assert restarted().upload(phone, [exposure_key()]).status_code == 200


def test_a_single_key_is_neither_used_nor_retired(restarted: Callable[[], Service], stored: Path) -> None:
    for step in ("use", "retire"):
        result = rotate(restarted(), step)
        assert (result.exit_code, "begin with: flask secrets rotate SEALING_KEYS add" in result.output) == (1, True)
    assert stored.read_text() == OLD


def test_a_key_to_use_is_named(restarted: Callable[[], Service], stored: Path) -> None:
    stored.write_text(f"{'ab' * 32},{OLD}")
    for words in ((), ("--key", "00000000")):
        result = rotate(restarted(), "use", *words)
        assert (result.exit_code, "name the key to use with --key" in result.stderr) == (1, True)
        assert len(result.stderr.splitlines()) == 1
    assert stored.read_text() == f"{'ab' * 32},{OLD}"


def test_an_old_key_is_removed_only_after_a_question(restarted: Callable[[], Service], stored: Path) -> None:
    stored.write_text(f"{'ab' * 32},{OLD}")
    assert rotate(restarted(), "retire", given="n\n").exit_code == 1
    assert OLD in stored.read_text()
    assert rotate(restarted(), "retire", given="y\n").exit_code == 0
    assert stored.read_text().strip() == "ab" * 32


def test_secrets_of_the_portal_are_rotated_only_with_a_key_of_posters(
    make_service: Callable[..., Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "portal-keys"
    path.write_text(OLD)
    monkeypatch.setenv("PORTAL_SECRET_KEYS", f"file://{path}")
    monkeypatch.delenv("QR_SIGNATURE_KEY", raising=False)
    service = make_service(SURFACES="submission,portal", PORTAL_SECRET_KEYS=f"file://{path}")
    refused = run(service, "secrets", "rotate", "PORTAL_SECRET_KEYS", "add")
    assert (refused.exit_code, "flask portal poster-key --seed" in refused.stderr) == (1, True)
    assert (len(refused.stderr.splitlines()), path.read_text()) == (1, OLD)
    monkeypatch.setenv("QR_SIGNATURE_KEY", "ab" * 32)
    assert run(service, "secrets", "rotate", "PORTAL_SECRET_KEYS", "add").exit_code == 0
    assert path.read_text().startswith(f"{OLD},")


def test_keys_in_the_environment_are_left_to_their_owner(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALING_KEYS", OLD)
    result = rotate(service, "add")
    assert (result.exit_code, "SEALING_KEYS: is in the environment" in result.output) == (1, True)
    assert OLD not in result.output


def test_a_setting_is_encrypted_for_kms(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    set_credentials(monkeypatch)
    with mock_aws():
        key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
        result = run(service, "secrets", "encrypt", "SECRET_KEY", "--key", key, given=f"{'ab' * 32}\n")
        name, _, reference = result.stdout.strip().partition("=")
        assert (name, resolve(name, reference)) == ("SECRET_KEY", "ab" * 32)
    assert "abab" not in result.output


def test_a_malformed_setting_is_not_encrypted(service: Service) -> None:
    result = run(service, "secrets", "encrypt", "SECRET_KEY", "--key", "alias/none", given="abab")
    assert (result.exit_code, "SECRET_KEY: has fewer than" in result.output) == (1, True)

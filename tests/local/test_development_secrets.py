"""Secrets that are made once (local/secrets.py)."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from local.secrets import first_claim_token, load_secrets


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets.env"


def test_every_secret_has_the_form_that_the_service_expects(path: Path) -> None:
    made = load_secrets(path, {})
    token, _, label = made["KEY_CLAIM_TOKEN"].partition("=")
    assert label == "302"
    assert len(token) >= 32
    assert not set(token) & set(":=")
    for name in ("RETRIEVE_HMAC_KEY", "SECRET_KEY", "SEALING_KEYS"):
        assert len(bytes.fromhex(made[name])) == 32
    assert min(len(made[name]) for name in ("METRICS_USERNAME", "METRICS_PASSWORD")) >= 10
    assert len(made["TEST_TOOLS_TOKEN"]) >= 20


def test_the_signing_key_is_a_p256_key(path: Path) -> None:
    key = load_der_private_key(bytes.fromhex(load_secrets(path, {})["ECDSA_KEY"]), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    assert isinstance(key.curve, SECP256R1)


def test_a_second_run_finds_the_same_secrets(path: Path) -> None:
    assert load_secrets(path, {}) == load_secrets(path, {})


def test_only_the_owner_can_read_the_file_even_when_its_mode_was_changed(path: Path) -> None:
    load_secrets(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    load_secrets(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_environment_wins_and_is_not_written_down(path: Path) -> None:
    given = {"SECRET_KEY": "ab" * 32, "KEY_CLAIM_TOKEN": "first=1:second=2"}
    assert load_secrets(path, given).items() >= given.items()
    assert "\nSECRET_KEY=" not in "\n" + path.read_text()
    kept = load_secrets(path, {})["SECRET_KEY"]
    assert kept != given["SECRET_KEY"]
    assert load_secrets(path, given)["SECRET_KEY"] == given["SECRET_KEY"]
    assert load_secrets(path, {})["SECRET_KEY"] == kept


def test_a_secret_that_the_file_lacks_is_added_and_the_others_stay(path: Path) -> None:
    path.write_text("# mine\nSECRET_KEY=abc=def\n")
    assert load_secrets(path, {})["SECRET_KEY"] == "abc=def"
    assert "METRICS_PASSWORD" in path.read_text()


def test_the_first_claim_token_is_the_one_to_show() -> None:
    assert first_claim_token({"KEY_CLAIM_TOKEN": "first=1:second=2"}) == "first"

"""Section P: required settings, and the defaults of the others."""

from datetime import timedelta

import pytest

from app.config import ConfigurationError, Settings
from app.crypto.signing import generate_signing_key
from tests.support.settings import SECRETS

ENVIRONMENT = SECRETS | {"DATABASE_URL": "postgresql://localhost/x", "REDIS_URL": "redis://localhost/0"}
TOKEN = "t" * 20


def _settings(**changes: str) -> Settings:
    return Settings.from_environment(ENVIRONMENT | changes)


def _refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{name}: .+") as refused:
        _settings(**{name: value})
    message = str(refused.value)
    assert "\n" not in message
    assert not value or value not in message


@pytest.mark.rule(106)
def test_defaults_match_the_public_server() -> None:
    settings = _settings()

    assert settings.submission.worker_expiration_interval == 30
    assert (settings.submission.ban_policy.max_failures, settings.submission.ban_policy.duration) == (
        50,
        timedelta(hours=1),
    )
    assert settings.submission.max_diagnosis_key_retention_days == 15
    assert settings.submission.initial_remaining_keys == 43
    assert settings.submission.encryption_key_validity_days == 15
    assert settings.submission.code_lifetime == timedelta(minutes=1440)
    assert settings.retrieval.hmac_key_length == 32
    assert settings.submission.cors_access_control_allow_origin == "*"
    assert (settings.disable_current_date_check, settings.enable_entire_period_bundle) == (True, True)
    assert settings.region_code == "302"


@pytest.mark.rule(107)
def test_tokens_are_20_to_63_characters_and_labels_up_to_31() -> None:
    settings = _settings(KEY_CLAIM_TOKEN=f"{'t' * 20}=a:{'t' * 63}={'L' * 31}")

    assert dict(settings.submission.key_claim_token) == {"t" * 20: "a", "t" * 63: "L" * 31}
    for value in (
        "",
        TOKEN,
        f"{TOKEN}=",
        f"={TOKEN}",
        f"{TOKEN}=ON:",
        f"{TOKEN}=ON:x",
        f"{'t' * 19}=ON",
        f"{'t' * 64}=ON",
        f"{TOKEN}={'L' * 32}",
    ):
        _refused("KEY_CLAIM_TOKEN", value)


@pytest.mark.rule(108)
def test_a_missing_or_malformed_secret_prevents_the_start_and_is_not_echoed() -> None:
    for value in ("", "aa" * 31, "aa" * 32 + "a", "zz" * 32):
        _refused("RETRIEVE_HMAC_KEY", value)
    for value in ("", "abc", "zz" * 60, "00" * 60, generate_signing_key()[:-2]):
        _refused("ECDSA_KEY", value)
    for name in ("METRICS_USERNAME", "METRICS_PASSWORD"):
        for value in ("", "nine-char"):
            _refused(name, value)
    _refused("DATABASE_URL", "")


@pytest.mark.rule(108)
def test_a_longer_hmac_key_is_accepted() -> None:
    assert _settings(RETRIEVE_HMAC_KEY="ab" * 33).retrieval.retrieve_hmac_key == b"\xab" * 33
    assert _settings(METRICS_PASSWORD="ten-chars!").retrieval.metrics_password == "ten-chars!"

"""Which secrets count as guessable (app/config/strength.py)."""

import secrets
import string

import pytest

from app.config import ALL_SURFACES, Settings
from app.config.secrets import SECRET_MAKERS, make_claim_token
from app.config.strength import weak_secrets
from tests.support.settings import SECRETS

STRONG = {name: make() for name, make in SECRET_MAKERS.items()} | {
    "SURFACES": ",".join(ALL_SURFACES),
    "DATABASE_URL": "postgres://host/name",
    "REDIS_URL": "redis://host",
    "SUBMISSION_URL": "https://submission.example.org",
    "KEY_CLAIM_TOKEN": make_claim_token("ON"),
    "SHARING_TOKENS": make_claim_token("team"),
}


def weak(**changes: str) -> list[str]:
    return weak_secrets(Settings.from_environment(STRONG | changes))


def different(characters: int, length: int) -> str:
    """Return a text of a length with so many different characters."""
    return string.ascii_letters[:characters].ljust(length, "a")


def test_secrets_that_are_made_are_not_guessable() -> None:
    for _ in range(20):
        made = {name: make() for name, make in SECRET_MAKERS.items()}
        assert weak(**made, KEY_CLAIM_TOKEN=make_claim_token("ON")) == []
    generated = {name: secrets.token_hex(32) for name in SECRETS}  # as Heroku's "generator": "secret" does
    assert weak(**generated) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "ab" * 32),
        ("SEALING_KEYS", "{strong}," + "ab" * 32),
        ("KEY_CLAIM_TOKEN", "{strong}:change-me-change-me-change=QC"),
        ("TEST_TOOLS_TOKEN", "a" * 32),
        ("RETRIEVE_HMAC_KEY", "0123456789abcdef" * 4),
        ("ECDSA_KEY", "00" * 31 + "01"),
        ("METRICS_PASSWORD", "a" * 32),
        ("METRICS_TOKEN", "a" * 32),
        ("PORTAL_SECRET_KEYS", "ab" * 32),
        ("SHARING_SECRET_KEY", "ab" * 32),
        ("SHARING_TOKENS", f"{'a' * 32}=team"),
    ],
)
def test_a_guessable_secret_is_found_in_each_setting(name: str, value: str) -> None:
    assert weak(**{name: value.format(strong=STRONG.get(name))}) == [name]


@pytest.mark.parametrize("surface", ALL_SURFACES)
def test_a_process_needs_no_secret_of_another_surface_and_no_optional_one(surface: str) -> None:
    absent = dict.fromkeys(("METRICS_TOKEN", "TEST_TOOLS_TOKEN", "SHARING_TOKENS"), "")
    assert weak(SURFACES=surface, ECDSA_KEY="aws-kms://alias/archives", **absent) == []


def test_a_value_that_two_settings_share_is_found() -> None:
    assert weak(SHARING_SECRET_KEY=STRONG["SECRET_KEY"]) == ["SHARING_SECRET_KEY"]


@pytest.mark.parametrize(
    ("name", "value", "is_weak"),
    [
        ("SECRET_KEY", bytes(range(20)).ljust(32, b"\0").hex(), False),
        ("SECRET_KEY", bytes(range(19)).ljust(32, b"\0").hex(), True),
        ("METRICS_PASSWORD", different(10, 16), False),
        ("METRICS_PASSWORD", different(9, 16), True),
        ("METRICS_PASSWORD", different(15, 15), True),
    ],
)
def test_a_secret_needs_a_length_and_enough_different_bytes_or_characters(name: str, value: str, is_weak: bool) -> None:
    assert weak(**{name: value}) == ([name] if is_weak else [])

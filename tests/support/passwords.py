"""Hashes of passwords that cost almost nothing: with those of production, tests of signing in take twice as long."""

import pytest
from argon2 import PasswordHasher

from app.crypto import passwords

_PRODUCTION = (passwords._HASHER, passwords._DECOY)


def make_passwords_cheap() -> None:
    """Hash with the lowest parameters that Argon2 permits, in this process."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._HASHER, passwords._DECOY = hasher, hasher.hash("a text that no test uses as a password")


def use_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as in production, in one test."""
    hasher, decoy = _PRODUCTION
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    monkeypatch.setattr(passwords, "_DECOY", decoy)

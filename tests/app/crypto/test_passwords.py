"""Hashes of passwords, with the cost that they have in production."""

from unittest.mock import Mock

import pytest

from app.crypto import passwords
from tests.support.passwords import use_production

PARAMETERS = "$argon2id$v=19$m=19456,t=2,p=1$"  # OWASP's, where memory is scarce


def test_a_password_and_the_decoy_are_hashed_at_the_recommended_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = passwords.hash_password("heron")
    use_production(monkeypatch)
    stored = passwords.hash_password("heron")
    assert stored.startswith(PARAMETERS)
    assert passwords._DECOY.startswith(PARAMETERS), "without an account, a verification would take another time"
    assert (passwords.is_password("heron", stored), passwords.is_password("Heron", stored)) == (True, False)
    assert (passwords.needs_new_hash(stored), passwords.needs_new_hash(cheap)) == (False, True)


@pytest.mark.parametrize("stored", [None, "", "no password can have this hash", "$argon2id$damaged"])
def test_nothing_is_the_password_of_an_account_without_a_hash(stored: str | None) -> None:
    assert not passwords.is_password("heron", stored)


@pytest.mark.parametrize("stored", [None, "", "no password can have this hash"])
def test_without_a_hash_a_verification_takes_as_long(stored: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Mock(wraps=passwords._HASHER)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    passwords.is_password("heron", stored)
    hasher.verify.assert_called_once_with(passwords._DECOY, "heron")

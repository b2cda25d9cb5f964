"""Hashes of passwords: Argon2id, with the parameters that OWASP recommends where memory is scarce."""

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of a random text that was not kept, with the same parameters: see `is_password`.
_DECOY: Final = _HASHER.hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """Return the hash of a password, about 100 characters."""
    return _HASHER.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Return whether a password has the stored hash. Without a hash, it takes as long, and the result is False."""
    is_hash = stored is not None and stored.startswith("$argon2id$")  # some accounts have no password
    try:
        return _HASHER.verify(stored if stored and is_hash else _DECOY, password) and is_hash
    except (VerificationError, InvalidHashError):
        return False


def needs_new_hash(stored: str) -> bool:
    """Return whether a hash was made with other parameters than those in use."""
    return _HASHER.check_needs_rehash(stored)

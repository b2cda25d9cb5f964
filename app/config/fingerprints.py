"""Fingerprints of settings: they show whether a setting has changed, without storing its value."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from app.config.settings import Settings

# The version has events of its own, and a platform may give each process another port.
_IGNORED: Final = frozenset({"PORT", "BIND_ADDR", "REVISION", "BRANCH"})
_KEY_INPUT: Final = "DATABASE_URL"
_CHARACTERS: Final = 32


def fingerprints(settings: Settings) -> dict[str, str]:
    """Return a keyed hash of each setting by its name.

    The key is derived from DATABASE_URL, which holds a password: a copy of the database does not suffice to guess the
    values. A new DATABASE_URL changes all hashes.
    """
    key = hashlib.sha256(b"fingerprints of settings\0" + settings.database_url.encode()).digest()
    return {
        name: hmac.new(key, f"{name}\0{_canonical(value)}".encode(), hashlib.sha256).hexdigest()[:_CHARACTERS]
        for name, value in settings.values()
        if name not in _IGNORED
    }


def changed_settings(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of the settings whose fingerprints differ, of those that both have."""
    if before.get(_KEY_INPUT, after[_KEY_INPUT]) != after[_KEY_INPUT]:
        return [_KEY_INPUT]  # the other hashes cannot be compared
    return sorted(name for name in before.keys() & after.keys() if before[name] != after[name])


def _canonical(value: Any) -> str:
    """Return a text that is the same for the same value in every process."""
    if isinstance(value, Mapping):
        return repr(sorted(value.items()))
    if isinstance(value, (frozenset, set)):
        return repr(sorted(map(repr, value)))
    if hasattr(value, "private_numbers"):  # a signing key, whose repr is an address in memory
        return str(value.private_numbers().private_value)
    return repr(value)

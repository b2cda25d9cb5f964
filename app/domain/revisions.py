"""Revisions: what a person began to change, so that a change does not replace that of another person unseen."""

import hashlib
from collections.abc import Mapping
from typing import Final

_DIGITS: Final = 16


def revision_of(values: Mapping[str, object]) -> str:
    """Return a short text that is another one for other values. Moments must be in UTC."""
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:_DIGITS]

"""References of codes: what a professional notes or reads out in place of a patient's data."""

import secrets
from typing import Final

from app.domain.codes import DIGITS, LETTERS

LENGTH: Final = 8
_ALPHABET: Final = LETTERS + DIGITS  # without characters that are easily confused


def generate_reference() -> str:
    """Return a new reference, drawn uniformly from 5.5e10."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


def reference_groups(reference: str) -> tuple[str, str]:
    """Return a reference in two groups of four, as it is displayed."""
    return reference[:4], reference[4:]

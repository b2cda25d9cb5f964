"""Telephone numbers for text messages."""

import re
from typing import Final

# Spaces, dashes, and the characters without width that numbers copied from a list of contacts have around them.
_SEPARATORS: Final = re.compile(r"[\s().\-\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_TRUNK_PREFIX: Final = "(0)"  # not dialled after a country code, as in +33 (0)6 12 34 56 78
# North American: area code and exchange begin with 2 to 9. Other countries: E.164, with a plus sign.
_NORTH_AMERICAN: Final = re.compile(r"(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")
_INTERNATIONAL: Final = re.compile(r"\+(?!1)[1-9][0-9]{7,14}")


def normalise_number(typed: str) -> str | None:
    """Return a typed number as E.164, such as `+16135550123`, or None if it cannot be one."""
    digits = _SEPARATORS.sub("", typed.replace(_TRUNK_PREFIX, "") if "+" in typed else typed)
    if north_american := _NORTH_AMERICAN.fullmatch(digits):
        return f"+1{north_american[1]}"
    return digits if _INTERNATIONAL.fullmatch(digits) else None

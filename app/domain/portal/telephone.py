"""Telephone numbers for text messages."""

import re
from typing import Final

_SEPARATORS: Final = re.compile(r"[\s().\-\u00a0\u2010-\u2015]+")
# North American: area code and exchange begin with 2 to 9. Other countries: E.164, with a plus sign.
_NORTH_AMERICAN: Final = re.compile(r"(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")
_INTERNATIONAL: Final = re.compile(r"\+(?!1)[1-9][0-9]{7,14}")


def normalise_number(typed: str) -> str | None:
    """Return a typed number as E.164, such as `+16135550123`, or None if it cannot be one."""
    digits = _SEPARATORS.sub("", typed)
    if north_american := _NORTH_AMERICAN.fullmatch(digits):
        return f"+1{north_american[1]}"
    return digits if _INTERNATIONAL.fullmatch(digits) else None

"""Percentages of reliability."""

import math

from babel.numbers import format_percent

from app.web.i18n import Catalogue

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def percentage(texts: Catalogue, share: float, decimals: int, pattern: str = "") -> str:
    """Return a share in percent with at most `decimals`, never rounded up: 100% is all.

    `pattern` is that of the decimals, such as `.00`.
    """
    scale = 10 ** (decimals + 2)
    # Without rounding first, 57 of 100 would be 56.99%: floating point has no 0.57.
    cut = math.floor(round(share * scale, 6)) / scale
    unit = f"{_NO_BREAK_SPACE}%" if texts.language == "fr" else "%"
    return format_percent(cut, f"#,##0{pattern}{unit}", locale=texts.cldr_locale)

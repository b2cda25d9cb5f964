"""One-time codes: ten characters that a professional reads out and a patient types (rules 23 and 32)."""

import secrets
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Final

# Without characters that are easily confused when spoken or written.
LETTERS: Final = "AEFHJKLQRSUWXYZ"
DIGITS: Final = "2456789"
SEGMENT_LENGTHS: Final = (3, 3, 4)
# Unicode categories of characters that are removed from a pasted code: spaces, dashes, and control and format
# characters such as a newline or a zero-width space.
_REMOVED_CATEGORIES: Final = frozenset({"Zs", "Zl", "Zp", "Pd", "Cc", "Cf"})
_REMOVED: Final = frozenset({"\u2212"})  # the minus sign, a mathematical symbol


class CodeStatus(StrEnum):
    """What has become of a code."""

    WAITING = "waiting"  # a phone can claim it
    CLAIMED = "claimed"
    EXPIRED = "expired"  # it was not claimed in time
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"  # it was never issued, or withdrawn, or its data have been deleted


def code_groups(code: str) -> tuple[str, str, str]:
    """Return a code in groups of three, three and four characters, as it is displayed and read out."""
    first, second, _ = SEGMENT_LENGTHS
    return code[:first], code[first : first + second], code[first + second :]


def generate_code(random_below: Callable[[int], int] = secrets.randbelow) -> str:
    """Return a new code, drawn uniformly from all 7.3e11 codes.

    Each segment is all letters or all digits. A fair coin for each segment would make an eighth of all codes
    all-digit, and these are few (defect D19), so a segment is drawn by its index among all segments.
    """
    return "".join(_generate_segment(length, random_below) for length in SEGMENT_LENGTHS)


def _generate_segment(length: int, random_below: Callable[[int], int]) -> str:
    of_letters = len(LETTERS) ** length
    number = random_below(of_letters + len(DIGITS) ** length)
    if number < of_letters:
        return _spell(number, LETTERS, length)
    return _spell(number - of_letters, DIGITS, length)


def _spell(number: int, alphabet: str, length: int) -> str:
    characters = []
    for _ in range(length):
        number, position = divmod(number, len(alphabet))
        characters.append(alphabet[position])
    return "".join(characters)


def normalise_code(typed: str) -> str:
    """Return a typed or pasted code as it is stored: without separators, and in upper case (rule 32, trap T5).

    Compatibility characters such as full-width letters are folded (NFKC). Only ASCII letters are changed to upper case:
    a dotless i must not become a letter of the alphabet. Characters that merely look alike are never replaced.
    """
    folded = typed if typed.isascii() else unicodedata.normalize("NFKC", typed)
    stripped = "".join(c for c in folded if unicodedata.category(c) not in _REMOVED_CATEGORIES and c not in _REMOVED)
    return stripped.upper() if stripped.isascii() else stripped

"""One-time codes: ten characters that a professional reads out and a patient types in (protocol rules 23 and 32)."""

import secrets
from collections.abc import Callable
from typing import Final

# No letter or digit that is mistaken for another when it is read aloud or written down.
LETTERS: Final = "AEFHJKLQRSUWXYZ"
DIGITS: Final = "2456789"
SEGMENT_LENGTHS: Final = (3, 3, 4)
_SEPARATORS: Final = str.maketrans("", "", " -")


def generate_code(random_below: Callable[[int], int] = secrets.randbelow) -> str:
    """Return a new code, each of the 733 thousand million possible ones with the same probability.

    Each segment is all letters or all digits. Choosing between the two with a coin would give an eighth of all
    codes to the few that are all digits (defect D19), so a segment is drawn by its number among all segments.
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
    """Return the code as it is stored: separators removed, and small letters folded (trap T5).

    Only ASCII letters are folded: a character such as the dotless i must not become a letter of the alphabet.
    """
    stripped = typed.translate(_SEPARATORS)
    return stripped.upper() if stripped.isascii() else stripped

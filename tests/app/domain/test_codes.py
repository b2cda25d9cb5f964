"""One-time codes (app/domain/codes.py)."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.codes import DIGITS, LETTERS, SEGMENT_LENGTHS, generate_code, normalise_code

SEGMENT = re.compile(f"[{LETTERS}]+|[{DIGITS}]+")


def segments(code: str) -> list[str]:
    return [code[:3], code[3:6], code[6:]]


def always(number: int) -> Callable[[int], int]:
    return lambda below: number % below


@given(st.lists(st.integers(min_value=0), min_size=3, max_size=3))
def test_every_segment_is_all_letters_or_all_digits(numbers: list[int]) -> None:
    drawn = iter(numbers)
    code = generate_code(lambda below: next(drawn) % below)
    assert [len(segment) for segment in segments(code)] == list(SEGMENT_LENGTHS)
    assert all(SEGMENT.fullmatch(segment) for segment in segments(code))


def test_each_number_spells_a_different_segment() -> None:
    of_three = len(LETTERS) ** 3 + len(DIGITS) ** 3
    assert len({generate_code(always(number))[:3] for number in range(of_three)}) == of_three


def test_there_are_733_billion_codes() -> None:
    sizes: list[int] = []

    def record(below: int) -> int:
        sizes.append(below)
        return 0

    generate_code(record)
    assert math.prod(sizes) == (15**3 + 7**3) ** 2 * (15**4 + 7**4) == 733_006_183_624


def test_segments_of_digits_have_their_share_of_all_segments() -> None:
    kinds = Counter(generate_code()[0] in DIGITS for _ in range(20_000))
    expected = len(DIGITS) ** 3 / (
        len(LETTERS) ** 3 + len(DIGITS) ** 3
    )  # 9%; an equal chance of both kinds would give half
    assert abs(kinds[True] / 20_000 - expected) < 0.02


def test_separators_and_lowercase_letters_are_normalised() -> None:
    assert normalise_code(" ae-f hj-k24 56-") == "AEFHJK2456"


def test_only_ascii_letters_are_upcased() -> None:
    assert normalise_code("ıabc") == "ıabc"


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("AEF\N{NO-BREAK SPACE}HJK\N{NARROW NO-BREAK SPACE}2456", "AEFHJK2456"),
        ("AEF\N{NON-BREAKING HYPHEN}HJK\N{EN DASH}2456", "AEFHJK2456"),
        ("AEF\N{EM DASH}HJK\N{MINUS SIGN}2456", "AEFHJK2456"),
        ("AEF\N{FULLWIDTH HYPHEN-MINUS}HJK\N{SMALL HYPHEN-MINUS}2456", "AEFHJK2456"),
        (
            "\N{ZERO WIDTH NO-BREAK SPACE}AEF\N{ZERO WIDTH SPACE}HJK\N{SOFT HYPHEN}2456",
            "AEFHJK2456",
        ),
        ("AEF\tHJK\r\n2456\n", "AEFHJK2456"),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}ef hjk \N{FULLWIDTH DIGIT TWO}456", "AEFHJK2456"),
    ],
)
def test_what_copying_and_pasting_adds_to_a_code_is_removed(pasted: str, code: str) -> None:
    assert normalise_code(pasted) == code


@pytest.mark.parametrize(
    "character", ["\N{CYRILLIC CAPITAL LETTER A}", "\N{LATIN SMALL LETTER DOTLESS I}", "\N{LATIN SMALL LETTER LONG S}x"]
)
def test_no_other_character_becomes_a_letter_of_a_code(character: str) -> None:
    assert normalise_code(f"{character}EFHJK2456") != "AEFHJK2456"


@given(st.text())
def test_no_separator_is_left(typed: str) -> None:
    assert not any(unicodedata.category(character) in {"Zs", "Pd", "Cc", "Cf"} for character in normalise_code(typed))

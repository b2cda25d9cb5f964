"""References of codes, and how codes are spelled."""

import pytest

from app.domain.codes import LETTERS, code_groups, normalise_code
from app.domain.portal.references import LENGTH, generate_reference, reference_groups
from app.domain.portal.spelling import WORDS, spell


def test_a_reference_has_no_characters_that_look_alike() -> None:
    references = [generate_reference() for _ in range(500)]
    assert {len(reference) for reference in references} == {LENGTH}
    assert set("".join(references)) & set("01IOl3BGCDMNPTV") == set()
    assert len(set(references)) == 500


@pytest.mark.parametrize("typed", ["abcd 2345", "ABCD2345", " abcd-2345 ", "ABCD\N{NO-BREAK SPACE}2345"])
def test_a_reference_is_found_however_it_is_typed(typed: str) -> None:
    assert normalise_code(typed) == "ABCD2345"
    assert reference_groups("ABCD2345") == ("ABCD", "2345")


def test_a_code_is_read_out_in_the_groups_in_which_it_is_shown() -> None:
    assert code_groups("AEF2456789") == ("AEF", "245", "6789")
    assert ["".join(c for c, _ in group) for group in spell("AEF2456789", "en")] == ["AEF", "245", "6789"]
    assert spell("AEF2456789", "fr")[0] == [("A", "Alice"), ("E", "Édouard"), ("F", "Françoise")]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_letter_of_a_code_has_a_word_that_begins_with_it(language: str) -> None:
    words = WORDS[language]
    assert {letter for letter in LETTERS if words[letter][0].replace("É", "E") != letter} == set()
    assert len(set(words.values())) == len(words)

"""How a code is read out: in groups, with a word for each letter in the language of the page."""

from collections.abc import Mapping
from typing import Final

from app.domain.codes import code_groups

# English: the ICAO alphabet, in the spelling of everyday English. French: first names and words that are in use on
# the telephone in Canada. Codes contain only some of the letters; all are here, because references have others.
_ENGLISH: Final = (
    "Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo "
    "Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
_FRENCH: Final = (
    "Alice Bernard Charles David Édouard Françoise Georges Henri Isabelle Jacques Kilo Louis Marie Nicole Olivier "
    "Pierre Québec Robert Suzanne Thomas Ursule Victor William Xavier Yvonne Zoé"
)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": dict(zip(_LETTERS, _ENGLISH.split(), strict=True)),
    "fr": dict(zip(_LETTERS, _FRENCH.split(), strict=True)),
}


def spell(code: str, language: str) -> list[list[tuple[str, str]]]:
    """Return, by group, each character with its word; a digit is its own word."""
    words = WORDS[language]
    return [[(character, words.get(character, character)) for character in group] for group in code_groups(code)]

"""Texts for people, in English and French: a JSON file for each group of pages and each language.

A file maps keys to texts; `{name}` in a text is filled in. A guard test compares the languages, and the keys with
their use.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

LANGUAGES: Final = ("en", "fr")
FOLDER: Final = Path(__file__).parent / "translations"


@dataclass(frozen=True)
class Catalogue:
    """The texts of a group of pages in one language."""

    language: str
    texts: Mapping[str, str]

    @property
    def locale(self) -> str:
        """The language as browsers and assistive technology are told it."""
        return f"{self.language}-CA"

    def __call__(self, key: str, **values: object) -> str:
        """Return a text, filled in. A key that does not exist is an error."""
        return self.texts[key].format(**values)

    def below(self, prefix: str) -> dict[str, str]:
        """Return the texts whose keys begin with a prefix, for a script in the page."""
        return {key: text for key, text in self.texts.items() if key.startswith(prefix)}


@functools.cache
def load_catalogue(group: str, language: str) -> Catalogue:
    """Read a group's texts in a language, once."""
    texts = json.loads((FOLDER / group / f"{language}.json").read_text(encoding="utf-8"))
    return Catalogue(language, MappingProxyType(texts))

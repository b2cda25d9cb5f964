"""Texts in English and French: JSON files for each group of pages and each language, and one for all pages.

A group has one file, `en.json`, or one for each part of a larger site, such as `codes.en.json`. A file
maps keys to texts, in which `{name}` is replaced by a value. A guard test compares the languages, and the keys with
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
SHARED: Final = "shared"  # the group of the texts that all pages have


@dataclass(frozen=True)
class Catalogue:
    """The texts of a group of pages in one language."""

    language: str
    texts: Mapping[str, str]

    @property
    def locale(self) -> str:
        """The language tag for browsers and assistive technology, such as `fr-CA`."""
        return f"{self.language}-CA"

    @property
    def cldr_locale(self) -> str:
        """The identifier of the locale in CLDR, such as `fr_CA`."""
        return f"{self.language}_CA"

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values; raise KeyError for an unknown key."""
        return self.texts[key].format(**values)

    def below(self, prefix: str) -> dict[str, str]:
        """Return the texts whose keys begin with a prefix, for a script in the page."""
        return {key: text for key, text in self.texts.items() if key.startswith(prefix)}


@functools.cache
def load_catalogue(group: str, language: str) -> Catalogue:
    """Return a group's texts in a language, and those of all pages; each file is read once."""
    return Catalogue(language, MappingProxyType(load_texts(SHARED, language) | load_texts(group, language)))


@functools.cache
def load_texts(group: str, language: str) -> dict[str, str]:
    """Return a group's own texts in a language."""
    texts: dict[str, str] = {}
    for path in files(group, language):
        texts |= json.loads(path.read_text(encoding="utf-8"))
    return texts


def files(group: str, language: str) -> list[Path]:
    """Return the files of a group's texts in a language."""
    return sorted(path for path in (FOLDER / group).iterdir() if f".{path.name}".endswith(f".{language}.json"))

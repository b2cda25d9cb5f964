"""Each French document has the structure, the commands and the names of its English original."""

import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.guards.test_documents import documents, name_of, prose_of, text_of

FRENCH = [document for document in documents() if document.name.endswith(".fr.md")]
# Languages of fenced blocks that are commands or data. Comments and placeholders in them may be translated.
LITERAL = ("sh", "console", "sql", "python", "nginx", "json")


def original_of(document: Path) -> Path:
    return document.with_name(document.name.replace(".fr.md", ".md"))


def heading_levels(document: Path) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose_of(document), flags=re.MULTILINE)]


def code_blocks(document: Path) -> list[tuple[str, str]]:
    """Return the language of each fenced block, and its text if it can be copied: without comments and placeholders."""
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text_of(document), flags=re.DOTALL | re.MULTILINE)
    return [(language, literal(text) if language in LITERAL else "") for language, text in blocks]


def literal(text: str) -> str:
    without_comments = re.sub(r"[ \t]+(?:#|--) .*$", "", text, flags=re.MULTILINE)
    return re.sub(r"(?i)your.alias|votre.pseudonyme|change-me|à-changer", "…", without_comments)


def code_in_tables(document: Path) -> list[tuple[str, ...]]:
    """Return the code in the first two cells of each row of a table: names, defaults and commands."""
    rows = re.findall(r"^ *\| (.*) \|$", prose_of(document), flags=re.MULTILINE)
    return [tuple(re.findall(r"`([^`]+)`", " | ".join(row.split(" | ")[:2]))) for row in rows]


def differences(french: Sequence[object], english: Sequence[object]) -> list[str]:
    """Return a line for each place in which two documents differ."""
    return [f"French {f!r}, English {e!r}" for f, e in zip_longest(french, english) if f != e]


def test_the_documents_for_everyone_exist_in_french() -> None:
    names = {name_of(document) for document in FRENCH}
    expected = {"README", "SECURITY", "CONTRIBUTING", "GOVERNANCE", "CODE_OF_CONDUCT"}
    expected |= {"docs/operations", "docs/moving", "docs/integrators"}
    assert {f"{name}.fr.md" for name in expected} - names == set()


@pytest.mark.parametrize("document", FRENCH, ids=name_of)
def test_a_french_document_has_the_headings_of_its_original(document: Path) -> None:
    assert original_of(document).exists(), "a translation needs its original"
    assert differences(heading_levels(document), heading_levels(original_of(document))) == []


@pytest.mark.parametrize("document", FRENCH, ids=name_of)
def test_a_french_document_has_the_code_blocks_of_its_original(document: Path) -> None:
    assert differences(code_blocks(document), code_blocks(original_of(document))) == []


@pytest.mark.parametrize("document", FRENCH, ids=name_of)
def test_a_french_document_has_the_tables_of_its_original(document: Path) -> None:
    assert differences(code_in_tables(document), code_in_tables(original_of(document))) == []


@pytest.mark.parametrize("document", FRENCH, ids=name_of)
def test_a_french_document_and_its_original_link_to_each_other(document: Path) -> None:
    original = original_of(document)
    assert f"[English]({original.name})" in text_of(document)
    assert f"[Français]({document.name})" in text_of(original)


@pytest.mark.parametrize("document", FRENCH, ids=name_of)
def test_french_punctuation_has_no_break_spaces(document: Path) -> None:
    """A no-break space precedes `:`, `»` and `%`, and follows `«`."""
    prose = re.sub(r"`[^`\n]*`", "code", prose_of(document))
    found = re.findall(r".{0,20}(?:[ \n][:»%](?!\S)|«[ \n])", prose)
    assert found == [], "use no-break spaces"

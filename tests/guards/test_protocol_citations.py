"""Every rule, defect, trap and section that the project cites by number exists in docs/protocol.md."""

import io
import os
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guards.protocol import protocol
from tests.guards.source import ROOT

SUFFIXES = {".py", ".md", ".proto", ".js", ".yml", ".html", ".sh", ""}
IGNORED = {"var", "node_modules", "htmlcov", "vendor"}
HIDDEN_FOLDERS = {".github", ".devcontainer", ".ci"}  # other hidden folders hold caches and installed packages
# The examples in this file are citations, some of which are wrong on purpose.
FILES_WITH_EXAMPLES = {Path(__file__).resolve()}

# `rule 41`, `rules 26 to 42`, `rules 3, 4, 7 and trap T1`. A list may continue in the next line of a comment.
_JOINT = r"(?:,|to|and|or|,[\s#]+and)"
_RULES = re.compile(rf"\brules?[\s#]+(\d+\b(?:[\s#]*{_JOINT}[\s#]+\d+\b)*)", re.IGNORECASE)
_DEFECT_OR_TRAP = re.compile(r"\b[DT]\d{1,2}\b")
_MARKS = re.compile(r"\bmark\.rule\(([^)]*)\)")
_SECTIONS = re.compile(r"\bprotocol(?:'s|,| rules,)? sections? ([A-Z])\b(?: and ([A-Z])\b)?", re.IGNORECASE)
# `[48, D16]`, in a comment of a Python file.
_BRACKETS = re.compile(r"\[((?:[DT]?\d{1,3})(?:, [DT]?\d{1,3})*)\]")

KNOWN = {
    *map(str, protocol().rules),
    *protocol().defects,
    *protocol().traps,
    *protocol().sections,
}


def cited(text: str) -> set[str]:
    """Return what a text cites: `41`, `D5`, `T3`, or the letter of a section."""
    found = {number for match in _RULES.finditer(text) for number in re.findall(r"\d+", match[1])}
    found |= set(_DEFECT_OR_TRAP.findall(text))
    found |= {mark for match in _MARKS.finditer(text) for mark in re.findall(r"\w+", match[1])}
    return found | {letter for match in _SECTIONS.finditer(text) for letter in match.groups() if letter}


def cited_in_brackets(source: str) -> set[str]:
    """Return what the comments of a Python file cite in brackets."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    lists = [match[1] for comment in comments for match in _BRACKETS.finditer(comment)]
    return {number for numbers in lists for number in numbers.split(", ")}


def files() -> Iterator[Path]:
    """Yield every hand-written text file of the project."""
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in IGNORED and (name[0] != "." or name in HIDDEN_FOLDERS)]
        paths = (Path(folder, name) for name in names)
        yield from (
            path
            for path in paths
            if path.suffix in SUFFIXES and path.name[0] != "." and path not in FILES_WITH_EXAMPLES
        )


def citations() -> Iterator[tuple[str, str]]:
    """Yield each file with each number that it cites."""
    for path in sorted(files()):
        text = path.read_text(encoding="utf-8", errors="replace")
        found = cited(text) | (cited_in_brackets(text) if path.suffix == ".py" else set())
        yield from ((str(path.relative_to(ROOT)), number) for number in sorted(found))


def test_every_citation_exists_in_the_protocol() -> None:
    found = list(citations())
    assert len({number for _, number in found} & KNOWN) > 100
    assert [f"{path}: {number}" for path, number in found if number not in KNOWN] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(rule 41)", {"41"}),
        ("Rules 41, 42, T6", {"41", "42", "T6"}),
        ("rules 26 to 142", {"26", "142"}),
        ("rules 3, 4, 7\n# and 111, trap T10", {"3", "4", "7", "111", "T10"}),
        ("defect D19 (D1, D2)", {"D19", "D1", "D2"}),
        ('@pytest.mark.rule(48, "D16", "Q")', {"48", "D16", "Q"}),
        ("(protocol sections G and Z)", {"G", "Z"}),
        ("2026-11-21T14:30, ruff's D100, rule of 3", set()),
    ],
)
def test_citations_are_found(text: str, expected: set[str]) -> None:
    assert cited(text) == expected


def test_citations_in_brackets_are_found_in_comments_only() -> None:
    assert cited_in_brackets("limit = limits[7]  # as measured [48, D16]\n") == {"48", "D16"}

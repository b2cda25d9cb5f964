"""The numbers in docs/protocol.md: rules, sections, defects, traps, and the table of windows."""

import re
from dataclasses import dataclass
from functools import cache

from tests.guards.source import ROOT

DOCUMENT = ROOT / "docs" / "protocol.md"
OPERATORS_SECTION = "P"  # start and configuration: clients do not observe it, so tests are optional

_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
# The anchor of an item and the number beside it: `41. <a id="rule-41"></a>`, `<a id="d5"></a>**D5.**`.
_RULE = re.compile(r'^(\d+)\. <a id="rule-(\d+)"></a>', re.MULTILINE)
_DEFECT_OR_TRAP = re.compile(r'^- <a id="([dt]\d+)"></a>\*\*([DT]\d+)\.\*\*', re.MULTILINE)
_SECTION = re.compile(r'^<a id="section-([a-z])"></a>\n\n## ([A-Z])\. ', re.MULTILINE)


@dataclass(frozen=True)
class Protocol:
    """The numbers of the protocol. `rules` maps each rule to the letter of its section."""

    rules: dict[int, str]
    sections: list[str]
    defects: list[str]
    traps: list[str]
    windows: int
    anchors: list[str]
    mislabelled: list[str]


@cache
def protocol() -> Protocol:
    """Return the numbers. The document is read once."""
    text = DOCUMENT.read_text(encoding="utf-8")
    headings = [(match.start(), match[2]) for match in _SECTION.finditer(text)]
    items = _DEFECT_OR_TRAP.findall(text)
    pairs = _RULE.findall(text) + [(shown, anchor.upper()) for anchor, shown in items]
    pairs += [(shown, anchor.upper()) for anchor, shown in _SECTION.findall(text)]
    return Protocol(
        rules={
            int(match[2]): [letter for start, letter in headings if start < match.start()][-1]
            for match in _RULE.finditer(text)
        },
        sections=[letter for _, letter in headings],
        defects=[anchor.upper() for anchor, _ in items if anchor[0] == "d"],
        traps=[anchor.upper() for anchor, _ in items if anchor[0] == "t"],
        windows=_rows_of_table(text, "| window |"),
        anchors=_ANCHOR.findall(text),
        mislabelled=[f"{shown} at {anchor}" for shown, anchor in pairs if shown != anchor],
    )


def _rows_of_table(text: str, head: str) -> int:
    table = text.partition(head)[2].partition("\n\n")[0]
    return len(table.splitlines()) - 2  # without the rest of the heading and the line below it

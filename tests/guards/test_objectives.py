"""docs/objectives.md and its translation list the objectives of objectives.yaml."""

import re
from pathlib import Path

import pytest

from app.domain.objectives.model import WORKBOOK_ALERTS
from app.objectives import load_objectives
from tests.guards.source import ROOT

DOCUMENTS = [ROOT / "docs" / "objectives.md", ROOT / "docs" / "objectives.fr.md"]
by_language = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def number(text: str) -> float:
    """Return a number that is written in English or French, with its sign of percent if it has one."""
    return float(re.sub(r"\s*%", "", text).replace(",", "."))


@by_language
def test_the_table_lists_all_objectives(document: Path) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| `([a-z]+)` \| ([\d.,]+\s*%) \|", document.read_text(encoding="utf-8"), re.M)
    described = [(name, part, number(target)) for name, part, target in rows]
    expected = [(each.name, each.part, round(each.target * 100, 6)) for each in load_objectives()]
    assert described == expected, f"correct the table of {document.name}"
    assert {each.window_days for each in load_objectives()} == {28}, f"{document.name} calls all windows 28 days"


@by_language
def test_the_table_of_alerts_is_that_of_the_file(document: Path) -> None:
    rows = re.findall(
        r"^\| \w+ \| ([\d.,]+) \| (\d+) (\w+) \| (\d+) (\w+) \| (\d+\s*%) \| ([\d.,]+)\s*%",
        document.read_text(encoding="utf-8").replace("\u00a0", " "),
        re.M,
    )
    units = {"m": 1, "h": 60, "d": 1440, "j": 1440}
    described = [
        (number(factor), int(long) * units[long_unit[0]], int(short) * units[short_unit[0]])
        for factor, long, long_unit, short, short_unit, _, _ in rows
    ]
    assert described == [(alert.factor, alert.long_minutes, alert.short_minutes) for alert in WORKBOOK_ALERTS]
    for (*_, spent, share), alert in zip(rows, WORKBOOK_ALERTS, strict=True):
        assert number(spent) == round(100 * alert.factor * alert.long_minutes / (28 * 1440))
        assert number(share) == pytest.approx(alert.factor * 0.1)

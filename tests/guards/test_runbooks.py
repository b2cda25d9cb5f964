"""Alerts and runbooks belong together: each alert leads to a section, and each section has an alert."""

import re

import pytest

from app.domain.incidents.checks import Check
from app.objectives import load_objectives
from app.objectives.alerting import RUNBOOK
from tests.guards.source import ROOT

STEPS = ["For people:", "First look:", "Likely causes:", "Mitigate:", "Stop"]
CHECKS = "docs/runbooks/checks.md"


def sections_of(path: str) -> list[str]:
    return re.split(r"^## ", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


def titles_of(path: str) -> list[str]:
    return [section.splitlines()[0] for section in sections_of(path)]


def test_each_objective_has_a_section_and_each_section_an_objective() -> None:
    names = [objective.name for objective in load_objectives() if objective.alerts]
    assert titles_of(RUNBOOK) == names, f"{RUNBOOK} follows objectives.yaml"


def test_each_check_has_a_section_and_each_section_a_check() -> None:
    assert titles_of(CHECKS) == [check.value for check in Check], f"{CHECKS} follows app/domain/incidents/checks.py"


@pytest.mark.parametrize("path", [RUNBOOK, CHECKS])
def test_each_section_has_all_steps(path: str) -> None:
    incomplete = {
        section.splitlines()[0]: found
        for section in sections_of(path)
        if (found := re.findall(r"^\*\*(.+?)\*\*", section, flags=re.MULTILINE)) != STEPS
    }
    assert incomplete == {}, f"each section has, in this order: {STEPS}"

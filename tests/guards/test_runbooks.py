"""Alerts and runbooks belong together: each alert leads to a section, and each section has an alert."""

import re

from app.objectives import load_objectives
from app.objectives.alerting import RUNBOOK
from tests.guards.source import ROOT

STEPS = ["For people:", "First look:", "Likely causes:", "Mitigate:", "Stop"]
SECTIONS = re.split(r"^## ", (ROOT / RUNBOOK).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


def test_each_objective_has_a_section_and_each_section_an_objective() -> None:
    names = [objective.name for objective in load_objectives() if objective.alerts]
    assert [section.splitlines()[0] for section in SECTIONS] == names, f"{RUNBOOK} follows objectives.yaml"


def test_each_section_has_all_steps() -> None:
    incomplete = {
        section.splitlines()[0]: found
        for section in SECTIONS
        if (found := re.findall(r"^\*\*(.+?)\*\*", section, flags=re.MULTILINE)) != STEPS
    }
    assert incomplete == {}, f"each section has, in this order: {STEPS}"

"""Alerts and runbooks belong together: each alert leads to a section, and each section has an alert."""

import re

import pytest

from app.domain.figure_alarms import THRESHOLDS
from app.domain.incidents.checks import Check
from app.objectives import load_objectives
from app.objectives.alerting import RUNBOOK
from tests.guards.source import ROOT

STEPS = ["For people:", "First look:", "Likely causes:", "Mitigate:", "Stop"]
ALERTS = {
    RUNBOOK: [objective.name for objective in load_objectives() if objective.alerts],
    "docs/runbooks/checks.md": [check.value for check in Check],
    "docs/runbooks/figures.md": [each.figure for each in THRESHOLDS],
}


def sections(runbook: str) -> list[str]:
    """Return the sections of a runbook, each from its title."""
    return re.split(r"^## ", (ROOT / runbook).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("runbook", ALERTS)
def test_each_alert_has_a_section_and_each_section_an_alert(runbook: str) -> None:
    assert [section.splitlines()[0] for section in sections(runbook)] == ALERTS[runbook], "in the order of the alerts"


@pytest.mark.parametrize("runbook", ALERTS)
def test_each_section_has_all_steps(runbook: str) -> None:
    incomplete = {
        section.splitlines()[0]: found
        for section in sections(runbook)
        if (found := re.findall(r"^\*\*(.+?)\*\*", section, flags=re.MULTILINE)) != STEPS
    }
    assert incomplete == {}, f"each section has, in this order: {STEPS}"

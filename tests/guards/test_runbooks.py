"""Each alert leads to a section of a runbook in both languages, and each section has an alert."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.domain.figure_alarms import THRESHOLDS
from app.domain.incidents.checks import Check
from app.incidents.texts import title_of_check, title_of_figure, title_of_objective
from app.objectives import load_objectives
from app.objectives.alerting import RUNBOOK
from tests.guards.source import ROOT

STEPS = {
    "en": ["For people:", "First look:", "Likely causes:", "Mitigate:", "Stop"],
    "fr": [
        "Pour les gens\u00a0:",
        "À examiner d'abord\u00a0:",
        "Causes probables\u00a0:",
        "Pour atténuer\u00a0:",
        "Terminé",
    ],
}
# For each runbook, what alerts, and the title of its incident in each language.
ALERTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    RUNBOOK: {each.name: title_of_objective(each.titles) for each in load_objectives() if each.alerts},
    "docs/runbooks/checks.md": {check.value: title_of_check(check) for check in Check},
    "docs/runbooks/figures.md": {each.figure: title_of_figure(each.figure) for each in THRESHOLDS},
}
FRENCH = sorted((ROOT / "docs" / "runbooks").glob("*.fr.md"))

each_alert_runbook = pytest.mark.parametrize("runbook", ALERTS)
each_language = pytest.mark.parametrize("language", STEPS)


def sections(document: Path) -> list[str]:
    """Return the sections of a runbook, each from its title."""
    return re.split(r"^## ", document.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


def in_language(runbook: str, language: str) -> Path:
    return ROOT / (runbook if language == "en" else runbook.replace(".md", f".{language}.md"))


@each_language
@each_alert_runbook
def test_each_alert_has_a_section_and_each_section_an_alert(runbook: str, language: str) -> None:
    found = [section.splitlines()[0] for section in sections(in_language(runbook, language))]
    assert found == list(ALERTS[runbook]), "in the order of the alerts"


@each_language
@each_alert_runbook
def test_each_section_begins_with_the_title_that_notices_show(runbook: str, language: str) -> None:
    found = [section.splitlines()[2] for section in sections(in_language(runbook, language))]
    assert found == [f"*{titles[language]}*" for titles in ALERTS[runbook].values()]


@each_language
@each_alert_runbook
def test_each_section_has_all_steps(runbook: str, language: str) -> None:
    incomplete = {
        section.splitlines()[0]: found
        for section in sections(in_language(runbook, language))
        if (found := re.findall(r"^\*\*(.+?)\*\*", section, flags=re.MULTILINE)) != STEPS[language]
    }
    assert incomplete == {}, f"each section has, in this order: {STEPS[language]}"


def steps_and_code(document: Path) -> list[tuple[int, Counter[str]]]:
    """Return, for what precedes the first section and for each section, the number of steps and the inline code."""
    text = re.sub(r"^ *```.*?^ *```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [
        (len(re.findall(r"^\d+\. ", part, flags=re.MULTILINE)), Counter(re.findall(r"`([^`]+)`", part)))
        for part in re.split(r"^## ", text, flags=re.MULTILINE)
    ]


@pytest.mark.parametrize("french", FRENCH, ids=lambda document: document.name)
def test_sections_have_the_steps_and_the_code_of_their_originals(french: Path) -> None:
    original = french.with_name(french.name.replace(".fr.md", ".md"))
    differing = [
        (number, found, expected)
        for number, (found, expected) in enumerate(zip(steps_and_code(french), steps_and_code(original), strict=True))
        if found != expected
    ]
    assert differing == [], "commands, settings, routes and messages are the same in both languages"

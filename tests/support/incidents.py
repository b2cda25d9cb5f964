"""Alerts and reports for tests of incidents."""

from datetime import datetime

from app.domain.incidents.alerts import AlertKey, Detection, Ending, Source
from app.domain.incidents.checks import CHECKED_PARTS, Check
from app.domain.incidents.reports import LANGUAGES, SECTIONS, Action, Report
from app.domain.objectives import Severity
from app.incidents.service import Incidents, Opening

AUTHOR, READER = "ada@health.example", "grace@health.example"


def check_fires(check: Check, at: datetime) -> Detection:
    """Return the alert of a check."""
    return Detection(AlertKey(Source.CHECK, check.value, Severity.PAGE), at, CHECKED_PARTS[check])


def check_ends(check: Check, at: datetime) -> Ending:
    """Return the end of the alert of a check."""
    return Ending(AlertKey(Source.CHECK, check.value, Severity.PAGE), at)


def objective_fires(name: str, severity: Severity, at: datetime, part: str = "jobs") -> Detection:
    """Return the alert of an objective."""
    return Detection(AlertKey(Source.OBJECTIVE, name, severity), at, (part,))


def objective_ends(name: str, severity: Severity, at: datetime) -> Ending:
    """Return the end of the alert of an objective."""
    return Ending(AlertKey(Source.OBJECTIVE, name, severity), at)


def report(words: str = "Words", *actions: Action) -> Report:
    """Return a complete report."""
    sections = {language: {name: f"{words}: {name} ({language})" for name in SECTIONS} for language in LANGUAGES}
    return Report(sections, actions)


def reviewed(incidents: Incidents, now: datetime, words: str = "Words") -> int:
    """Return an incident whose report was written by one person and read by another."""
    number = incidents.open(Opening("Claims fail", "Les codes sont refusés"), AUTHOR, now)
    incidents.resolve(number, AUTHOR, now)
    incidents.reports.change(number, report(words), 1, AUTHOR, now)
    incidents.reports.read(number, 2, READER, now)
    return number

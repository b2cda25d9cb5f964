"""Alerting rules of Prometheus: the same alerts as those of the service's own evaluation."""

from collections.abc import Iterable
from typing import Any, Final

from app.domain.objectives import BurnRateAlert, Objective
from app.objectives.recording import BAD_EVENTS, BURN_RATE, EVENTS, spell_minutes

ALERT_NAME: Final = "ErrorBudgetBurn"
RUNBOOK: Final = "docs/runbooks/alerts.md"


def alerting_rules(objectives: Iterable[Objective]) -> dict[str, Any]:
    """Return the content of a file of alerting rules."""
    rules = [_rule(objective, alert) for objective in objectives for alert in objective.alerts]
    return {"groups": [{"name": "exposure-alert-alerts", "interval": "1m", "rules": rules}]}


def runbook_of(objective: Objective, language: str = "en") -> str:
    """Return the path of the section that describes what to do, from the root of the repository."""
    document = RUNBOOK if language == "en" else RUNBOOK.replace(".md", f".{language}.md")
    return f"{document}#{objective.name}"


def _rule(objective: Objective, alert: BurnRateAlert) -> dict[str, Any]:
    long, short = spell_minutes(alert.long_minutes), spell_minutes(alert.short_minutes)
    this = f'{{objective="{objective.name}"}}'
    return {
        "alert": ALERT_NAME,
        "expr": (
            f"{BURN_RATE}:ratio{long}{this}\n"
            f"and {_at_threshold(objective, alert, long)}\n"
            f"and {BAD_EVENTS}:sum{long}{this} >= {alert.minimum_bad}\n"
            f"and {_at_threshold(objective, alert, short)}\n"
            f"and {BAD_EVENTS}:sum{short}{this} > 0"
        ),
        "labels": {
            "objective": objective.name,
            "part": objective.part,
            "severity": alert.severity.value,
            "factor": f"{alert.factor:g}",
            "window": long,
        },
        "annotations": {
            "title": objective.titles["en"],
            "title_fr": objective.titles["fr"],
            "description": (
                f"The error budget of {objective.name} is spent at {{{{ $value | printf `%.1f` }}}} times the "
                f"sustainable rate, measured over {long}; the alert fires from {alert.factor:g} times, over {long} "
                f"and {short}."
            ),
            "runbook": runbook_of(objective),
            "runbook_fr": runbook_of(objective, "fr"),
        },
    }


def _at_threshold(objective: Objective, alert: BurnRateAlert, window: str) -> str:
    """Return a comparison of integers, so that it is exact at the threshold."""
    threshold, this = objective.threshold(alert), f'{{objective="{objective.name}"}}'
    return (
        f"{BAD_EVENTS}:sum{window}{this} * {threshold.denominator} >= "
        f"{EVENTS}:sum{window}{this} * {threshold.numerator}"
    )

"""Recorded minutes of an objective, replayed through the service's evaluation and through Prometheus' own test tool."""

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from app.domain.objectives import Counts, FiringAlert, MinuteCounts, Objective, evaluate, evaluate_sums, windows_of
from app.objectives.alerting import ALERT_NAME, alerting_rules
from app.objectives.generated import to_yaml
from app.objectives.recording import recording_rules, spell_minutes
from tests.support.programs import require_program

START = datetime(2026, 3, 1, tzinfo=UTC)
# Good and bad events of a minute; None where nothing was measured.
Minute = tuple[int, int] | None
ALERT_GROUPS = ["exposure-alert-minutes", "exposure-alert-budgets", "exposure-alert-alerts"]


def moment(minute: int) -> datetime:
    """Return the time after so many minutes."""
    return START + timedelta(minutes=minute)


def as_scraped(minutes: Sequence[Minute]) -> list[Minute]:
    """Return the minutes that Prometheus can measure: it needs a sample at the beginning and at the end of each."""
    return [None if before is None else counts for before, counts in zip(((0, 0), *minutes), minutes, strict=False)]


def minute_counts(minutes: Sequence[Minute]) -> list[MinuteCounts]:
    """Return what is stored of recorded minutes."""
    measured = [(number, counts) for number, counts in enumerate(minutes) if counts is not None]
    return [MinuteCounts(moment(number), good, good + bad) for number, (good, bad) in measured]


def replay(objective: Objective, minutes: Sequence[Minute]) -> list[set[FiringAlert]]:
    """Return which alerts fire after 0, 1, 2 … minutes. Whenever that changes, `evaluate` must agree."""
    good = list(accumulate((counts[0] if counts else 0 for counts in minutes), initial=0))
    total = list(accumulate((sum(counts) if counts else 0 for counts in minutes), initial=0))

    def sums(now: int) -> dict[int, Counts]:
        first = {window: max(0, now - window) for window in windows_of(objective)}
        return {window: Counts(good[now] - good[n], total[now] - total[n]) for window, n in first.items()}

    firing = [set(evaluate_sums(objective, sums(now)).firing) for now in range(len(minutes) + 1)]
    stored = minute_counts(minutes)
    for now in range(1, len(firing)):
        if firing[now] != firing[now - 1]:
            for edge in (now - 1, now):
                assert set(evaluate(objective, stored, moment(edge)).firing) == firing[edge]
    return firing


def periods(firing: Sequence[set[FiringAlert]]) -> dict[float, list[tuple[int, int]]]:
    """Return when each alert began and ended, by its factor, in minutes since the start."""
    found: dict[float, list[tuple[int, int]]] = {}
    for factor in sorted({alert.factor for alerts in firing for alert in alerts}, reverse=True):
        states = [any(alert.factor == factor for alert in alerts) for alerts in firing]
        begins = [n for n, now in enumerate(states) if now and not (n and states[n - 1])]
        ends = [n for n, now in enumerate(states) if not now and n and states[n - 1]]
        found[factor] = list(zip(begins, [*ends, len(states)], strict=False))
    return found


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run promtool, of the package prometheus."""
    command = [require_program("promtool"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def write_rules(folder: Path, objectives: Iterable[Objective]) -> None:
    """Write the rules of some objectives, as they are generated."""
    objectives = tuple(objectives)
    (folder / "recording.rules.yml").write_text(to_yaml(recording_rules(objectives)), encoding="utf-8")
    (folder / "alerting.rules.yml").write_text(to_yaml(alerting_rules(objectives)), encoding="utf-8")


def unit_test(
    objective: Objective, minutes: Sequence[Minute], firing: Sequence[set[FiringAlert]], restarts: Sequence[int] = ()
) -> dict[str, Any]:
    """Return a test group for promtool: the same minutes as counters, and the alerts that must fire at each minute."""
    return {
        "interval": "1m",
        "input_series": _series(minutes, frozenset(restarts)),
        "promql_expr_test": [
            {
                "expr": f'ALERTS{{alertname="{ALERT_NAME}"}}',
                "eval_time": f"{now}m",
                "exp_samples": [{"labels": _labels(objective, alert), "value": 1} for alert in alerts],
            }
            for now, alerts in enumerate(firing)
        ],
    }


def run_unit_tests(folder: Path, tests: Sequence[Mapping[str, Any]]) -> "subprocess.CompletedProcess[str]":
    """Run test groups against the rules in a folder."""
    content = {
        "rule_files": ["recording.rules.yml", "alerting.rules.yml"],
        "evaluation_interval": "1m",
        "group_eval_order": ALERT_GROUPS,
        "tests": list(tests),
    }
    (folder / "replay.test.yml").write_text(to_yaml(content), encoding="utf-8")
    return promtool("test", "rules", folder / "replay.test.yml")


def _series(minutes: Sequence[Minute], restarts: frozenset[int]) -> list[dict[str, str]]:
    """Return counters as two hosts show them: one with good events, one with bad ones, which appears with the first."""
    labels = 'surface="submission",route="/new-key-claim",method="POST"'
    good = _counter([counts and counts[0] for counts in minutes], restarts)
    bad = _counter([counts and counts[1] for counts in minutes], restarts)
    first = next((number for number, counts in enumerate(minutes) if counts and counts[1]), len(minutes))
    bad[: first + 1] = ["_"] * (first + 1)
    up = " ".join("1" if counts is not None else "0" for counts in (minutes[0], *minutes))
    metric = "exposure_alert_requests_total"
    return [
        {"series": f'{metric}{{instance="web-1",status="2xx",{labels}}}', "values": " ".join(good)},
        {"series": f'{metric}{{instance="web-2",status="5xx",{labels}}}', "values": " ".join(bad)},
        {"series": 'up{instance="web-1"}', "values": up},
        {"series": 'up{instance="web-2"}', "values": up},
    ]


def _counter(increments: Sequence[int | None], restarts: frozenset[int]) -> list[str]:
    """Return the samples at the end of each minute; a scrape that failed makes a series stale."""
    value, samples = 0, ["0"]
    for number, increment in enumerate(increments):
        value = (0 if number in restarts else value) + (increment or 0)
        samples.append("stale" if increment is None else str(value))
    return samples


def _labels(objective: Objective, alert: FiringAlert) -> str:
    labels = {
        "alertname": ALERT_NAME,
        "alertstate": "firing",
        "factor": f"{alert.factor:g}",
        "objective": objective.name,
        "part": objective.part,
        "severity": alert.severity.value,
        "window": spell_minutes(alert.long_minutes),
    }
    return "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"

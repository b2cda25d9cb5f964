"""The files that are generated from objectives.yaml: current, valid, and complete."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.objectives import load_objectives
from app.objectives.alerting import ALERT_NAME
from app.objectives.generated import ROOT_FOLDER, differing, generate, write
from tests.support.replay import promtool, run_unit_tests, write_rules

OBJECTIVES = load_objectives()
DEPLOY = ROOT_FOLDER / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULES = [PROMETHEUS / "recording.rules.yml", PROMETHEUS / "alerting.rules.yml"]
DASHBOARD = json.loads((DEPLOY / "grafana" / "exposure-alert.json").read_text(encoding="utf-8"))
PANELS = DASHBOARD["panels"]


def test_generated_files_are_up_to_date() -> None:
    assert differing(OBJECTIVES) == [], "run `flask --app app objectives generate` and commit the files"


def test_only_files_that_differ_are_written(tmp_path: Path) -> None:
    assert write(OBJECTIVES, tmp_path) == list(generate(OBJECTIVES))
    (tmp_path / "deploy" / "prometheus" / "alerting.rules.yml").write_text("groups: []\n")
    assert differing(OBJECTIVES, tmp_path) == ["deploy/prometheus/alerting.rules.yml"]
    assert write(OBJECTIVES, tmp_path) == ["deploy/prometheus/alerting.rules.yml"]
    assert differing(OBJECTIVES, tmp_path) == []


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.name)
def test_promtool_accepts_the_rules(file: Path) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_the_example_of_a_configuration() -> None:
    done = promtool("check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    named = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))["rule_files"]
    assert named == [file.name for file in RULES]


def test_every_alert_has_titles_and_a_runbook() -> None:
    (group,) = yaml.safe_load(RULES[1].read_text(encoding="utf-8"))["groups"]
    alerts = {
        (rule["labels"]["objective"], rule["labels"]["severity"], rule["labels"]["factor"]) for rule in group["rules"]
    }
    assert alerts == {
        (objective.name, alert.severity.value, f"{alert.factor:g}")
        for objective in OBJECTIVES
        for alert in objective.alerts
    }
    for rule in group["rules"]:
        name = rule["labels"]["objective"]
        assert rule["annotations"]["runbook"] == f"docs/runbooks/alerts.md#{name}"
        assert rule["annotations"]["runbook_fr"] == f"docs/runbooks/alerts.fr.md#{name}"
        assert {"title", "title_fr", "description"} <= rule["annotations"].keys()


def test_an_alert_arrives_with_its_labels_and_annotations(tmp_path: Path) -> None:
    (objective,) = (each for each in OBJECTIVES if each.name == "jobs-success")
    write_rules(tmp_path, [objective])
    metric = 'exposure_alert_jobs_total{instance="worker",job="purge",result='
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'{metric}"succeeded"}}', "values": "0+9x10"},
            {"series": f'{metric}"failed"}}', "values": "0+1x10"},
            {"series": 'up{instance="worker"}', "values": "1x10"},
        ],
        "alert_rule_test": [
            {"eval_time": "10m", "alertname": ALERT_NAME, "exp_alerts": [fired("1", "3d"), fired("3", "1d")]}
        ],
    }
    done = run_unit_tests(tmp_path, [test])
    assert done.returncode == 0, done.stdout + done.stderr


def fired(factor: str, window: str) -> dict[str, Any]:
    short = {"1": "6h", "3": "2h"}[factor]
    return {
        "exp_labels": {
            "objective": "jobs-success",
            "part": "jobs",
            "severity": "ticket",
            "factor": factor,
            "window": window,
        },
        "exp_annotations": {
            "title": "Background jobs succeed",
            "title_fr": "Les tâches d’arrière-plan réussissent",
            "description": (
                "The error budget of jobs-success is spent at 10.0 times the sustainable rate, measured over "
                f"{window}; the alert fires from {factor} times, over {window} and {short}."
            ),
            "runbook": "docs/runbooks/alerts.md#jobs-success",
            "runbook_fr": "docs/runbooks/alerts.fr.md#jobs-success",
        },
    }


def test_budgets_and_ratios_are_recorded(tmp_path: Path) -> None:
    (objective,) = (each for each in OBJECTIVES if each.name == "archives-freshness")
    write_rules(tmp_path, [objective])
    labels = '{objective="archives-freshness",part="downloading"}'
    metric = 'exposure_alert_checks_total{instance="clock",check="archive_freshness",result='
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'{metric}"good"}}', "values": "0+1x399"},
            {"series": f'{metric}"bad"}}', "values": "_x399 1"},
            {"series": 'up{instance="clock"}', "values": "1x400"},
        ],
        "promql_expr_test": [
            {
                "expr": f"round(objective:exposure_alert_{name}:ratio28d, 0.0001)",
                "eval_time": "400m",
                "exp_samples": [{"labels": labels, "value": value}],
            }
            # One bad check of 400; the budget is one of 200.
            for name, value in (("ratio", 0.9975), ("budget_left", 0.5))
        ],
    }
    done = run_unit_tests(tmp_path, [test])
    assert done.returncode == 0, done.stdout + done.stderr


def test_panels_have_numbers_and_places_of_their_own() -> None:
    assert [panel["id"] for panel in PANELS] == list(range(1, len(PANELS) + 1))
    cells = Counter(
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    )
    assert max(cells.values()) == 1, "panels overlap"
    assert max(x for x, _ in cells) == 23


def test_every_query_uses_the_variable_of_the_data_source() -> None:
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    queries = [query for panel in PANELS if panel["type"] != "row" for query in (panel, *panel["targets"])]
    assert {query["datasource"]["uid"] for query in queries} == {"${datasource}"}
    for panel in PANELS:
        ids = [target["refId"] for target in panel.get("targets", ())]
        assert len(ids) == len(set(ids))


def test_each_part_is_a_row_with_three_panels_for_each_objective() -> None:
    rows: dict[str, list[str]] = {}
    for panel in PANELS:
        if panel["type"] == "row":
            titles = rows.setdefault(panel["title"], [])
        else:
            titles.append(panel["title"])
    assert rows.pop("All objectives") == ["Budget left", "Firing alerts"]
    expected: dict[str, list[str]] = {}
    for objective in OBJECTIVES:
        shown = (f"{objective.name}: {what}" for what in ("budget left", "burn rate", "ratio"))
        expected.setdefault(objective.part.capitalize(), []).extend(shown)
    assert rows == expected


def test_prometheus_can_parse_every_query_and_records_what_it_names(tmp_path: Path) -> None:
    queries = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]
    rules = [{"record": f"panel:{number}:query", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "panels.rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr
    groups = yaml.safe_load(RULES[0].read_text(encoding="utf-8"))["groups"]
    recorded = {rule["record"] for group in groups for rule in group["rules"]}
    assert {name for query in queries for name in re.findall(r"objective:\w+:\w+", query)} <= recorded

"""The dashboard of Grafana: a row for each part of the service, and three panels for each objective."""

from collections.abc import Iterable, Iterator
from itertools import count, groupby
from typing import Any, Final

from app.domain.objectives import Objective
from app.objectives.alerting import ALERT_NAME, runbook_of
from app.objectives.recording import BUDGET_LEFT, BURN_RATE, RATIO, spell_minutes

_DATA_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH: Final = 24  # columns of a dashboard
_HEIGHT: Final = 7
_COLOURS: Final = (("red", None), ("orange", 0.0), ("yellow", 0.25), ("green", 0.5))


def dashboard(objectives: Iterable[Objective]) -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    objectives = tuple(objectives)
    panels = list(_place(_panels(objectives)))
    return {
        "uid": "exposure-alert",
        "title": "Exposure Alert: objectives",
        "tags": ["exposure-alert"],
        "timezone": "utc",
        "editable": False,
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }


def _panels(objectives: tuple[Objective, ...]) -> Iterator[dict[str, Any]]:
    yield _row("All objectives")
    budgets = sorted({objective.window_days for objective in objectives})
    yield _panel(
        "bargauge",
        "Budget left",
        12,
        [(f"{BUDGET_LEFT}:ratio{days}d", "{{objective}}") for days in budgets],
        unit="percentunit",
        colours=_COLOURS,
        options={"orientation": "horizontal", "displayMode": "basic"},
        bounds=(-1, 1),
    )
    firing = f'count by (objective, severity, factor) (ALERTS{{alertname="{ALERT_NAME}",alertstate="firing"}})'
    yield _panel("timeseries", "Firing alerts", 12, [(firing, "{{objective}} {{severity}} {{factor}}")])
    for part, group in groupby(objectives, key=lambda objective: objective.part):
        yield _row(part.capitalize())
        for objective in group:
            yield from _objective_panels(objective)


def _objective_panels(objective: Objective) -> Iterator[dict[str, Any]]:
    this, window = f'{{objective="{objective.name}"}}', f"{objective.window_days}d"
    about = f"{objective.titles['en']}. Target {objective.target:.2%} over {window}. {runbook_of(objective)}"
    yield _panel(
        "stat",
        f"{objective.name}: budget left",
        6,
        [(f"{BUDGET_LEFT}:ratio{window}{this}", "budget left")],
        description=about,
        unit="percentunit",
        colours=_COLOURS,
        options={"colorMode": "background", "graphMode": "area"},
    )
    rates = [(f"{BURN_RATE}:ratio{name}{this}", name) for name in map(spell_minutes, objective.alert_windows)]
    yield _panel("timeseries", f"{objective.name}: burn rate", 9, rates, description=about)
    yield _panel(
        "timeseries",
        f"{objective.name}: ratio",
        9,
        [(f"{RATIO}:ratio{window}{this}", f"over {window}"), (f"vector({objective.target!r})", "target")],
        description=about,
        unit="percentunit",
    )


def _row(title: str) -> dict[str, Any]:
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def _panel(
    kind: str,
    title: str,
    width: int,
    queries: list[tuple[str, str]],
    *,
    description: str = "",
    unit: str = "none",
    colours: tuple[tuple[str, float | None], ...] = (("green", None),),
    options: dict[str, Any] | None = None,
    bounds: tuple[float, float] | None = None,
) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "unit": unit,
        "thresholds": {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in colours]},
    }
    if bounds:
        defaults |= {"min": bounds[0], "max": bounds[1]}
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": _DATA_SOURCE,
        "gridPos": {"w": width, "h": _HEIGHT},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options or {},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _DATA_SOURCE, "expr": expression, "legendFormat": legend}
            for number, (expression, legend) in enumerate(queries)
        ],
    }


def _place(panels: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield panels with their numbers and places: from left to right, then in the next line."""
    x = y = 0
    for number, panel in zip(count(1), panels, strict=False):
        size = panel.get("gridPos", {"w": _WIDTH, "h": 1})
        if x + size["w"] > _WIDTH or (panel["type"] == "row" and x):
            x, y = 0, y + _HEIGHT
        yield {"id": number, **panel, "gridPos": {"x": x, "y": y, **size}}
        x += size["w"]
        if x == _WIDTH:
            x, y = 0, y + size["h"]

"""Recording rules of Prometheus: good and bad events of each minute, and their sums by window.

`increase()` extrapolates from the samples within its range, so its sums are no integers and miss the first event of a
new series. These rules subtract the counter of a minute ago instead, which is exact, and add up whole minutes, as the
service does. A range that is half a minute shorter than the window holds its minutes in all versions of Prometheus,
whether the beginning of a range belongs to it or not.
"""

from collections.abc import Iterable
from typing import Any, Final

from app.domain.objectives import Objective, Selector
from app.domain.objectives.model import MINUTES_PER_DAY
from app.domain.timeline import MINUTES_PER_HOUR

EVENTS: Final = "objective:exposure_alert_events"
BAD_EVENTS: Final = "objective:exposure_alert_bad_events"
BURN_RATE: Final = "objective:exposure_alert_burn_rate"
RATIO: Final = "objective:exposure_alert_ratio"
BUDGET_LEFT: Final = "objective:exposure_alert_budget_left"
_TARGET: Final = "objective:exposure_alert_target:ratio"
_MINUTE: Final = "increase1m"


def spell_minutes(minutes: int) -> str:
    """Return a duration as Prometheus writes it: 5m, 6h, 3d."""
    if minutes % MINUTES_PER_DAY == 0:
        return f"{minutes // MINUTES_PER_DAY}d"
    return f"{minutes // MINUTES_PER_HOUR}h" if minutes % MINUTES_PER_HOUR == 0 else f"{minutes}m"


def recording_rules(objectives: Iterable[Objective]) -> dict[str, Any]:
    """Return the content of a file of recording rules."""
    objectives = tuple(objectives)
    alert_windows = sorted({minutes for objective in objectives for minutes in objective.alert_windows})
    minutes = [rule for objective in objectives for rule in _minute_rules(objective)]
    windows = [rule for window in alert_windows for rule in _window_rules(window)]
    budgets = [
        rule for window in sorted({objective.window_days for objective in objectives}) for rule in _budget_rules(window)
    ]
    return {
        "groups": [
            {"name": "exposure-alert-minutes", "interval": "1m", "rules": minutes + windows},
            {"name": "exposure-alert-budgets", "interval": "5m", "rules": budgets},
        ]
    }


def _minute_rules(objective: Objective) -> list[dict[str, Any]]:
    labels = {"objective": objective.name, "part": objective.part}
    this = f'{EVENTS}:{_MINUTE}{{objective="{objective.name}"}}'
    events = f"{_increase(objective.total)}\nor vector(0)"
    bad = f"clamp_min({this} - on () (\n{_indent(f'{_increase(objective.good)}{chr(10)}or vector(0)')}\n), 0)"
    return [
        {"record": f"{EVENTS}:{_MINUTE}", "labels": labels, "expr": events},
        {"record": f"{BAD_EVENTS}:{_MINUTE}", "labels": labels, "expr": bad},
        {"record": _TARGET, "labels": labels, "expr": f"vector({objective.target!r})"},
    ]


def _increase(selector: Selector) -> str:
    """Return the expression for the events of the last minute.

    For each series: the difference; or the counter itself if it was reset, or is new at a host that was measured a
    minute ago. After a gap, events since the last sample are not known to be of this minute, and do not count.
    """
    return (
        "sum(\n"
        f"  ({selector} - {selector} offset 1m >= 0)\n"
        f"  or ({selector} and {selector} offset 1m)\n"
        f"  or ({selector} and on (instance) (up offset 1m == 1))\n"
        ")"
    )


def _window_rules(window: int) -> list[dict[str, Any]]:
    name, duration = spell_minutes(window), f"{window - 1}m30s"
    return [
        {"record": f"{EVENTS}:sum{name}", "expr": f"sum_over_time({EVENTS}:{_MINUTE}[{duration}])"},
        {"record": f"{BAD_EVENTS}:sum{name}", "expr": f"sum_over_time({BAD_EVENTS}:{_MINUTE}[{duration}])"},
        {"record": f"{BURN_RATE}:ratio{name}", "expr": _burn_rate(name)},
    ]


def _budget_rules(days: int) -> list[dict[str, Any]]:
    name = f"{days}d"
    return [
        {"record": f"{EVENTS}:sum{name}", "expr": f"sum_over_time({EVENTS}:{_MINUTE}[{name}])"},
        {"record": f"{BAD_EVENTS}:sum{name}", "expr": f"sum_over_time({BAD_EVENTS}:{_MINUTE}[{name}])"},
        {"record": f"{RATIO}:ratio{name}", "expr": f"1 - {BAD_EVENTS}:sum{name} / ({EVENTS}:sum{name} > 0)"},
        {"record": f"{BUDGET_LEFT}:ratio{name}", "expr": f"1 - {_burn_rate(name)}"},
    ]


def _burn_rate(name: str) -> str:
    return f"{BAD_EVENTS}:sum{name} / ({EVENTS}:sum{name} > 0) / (1 - {_TARGET})"


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())

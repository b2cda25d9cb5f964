"""Indicators: the increments of counters, reduced to good and total events of each objective."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from app.domain.objectives.model import Objective
from app.domain.objectives.selectors import Selector

# A counter's name, and its labels in the order of their names.
SeriesKey = tuple[str, tuple[tuple[str, str], ...]]


def count_minute(objectives: Iterable[Objective], increments: Mapping[SeriesKey, float]) -> dict[str, tuple[int, int]]:
    """Return (good, total) of each objective that had events, from the increments of all series in one minute."""
    by_metric: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
    for (metric, labels), increment in increments.items():
        by_metric[metric].append((dict(labels), increment))

    def add_up(selector: Selector) -> int:
        found = by_metric.get(selector.metric, ())
        return round(sum(increment for labels, increment in found if selector.matches(labels)))

    counted = {}
    for objective in objectives:
        total = add_up(objective.total)
        if total > 0:
            # Increments are read while processes count, so a bucket may be ahead of the number of all observations.
            counted[objective.name] = (min(add_up(objective.good), total), total)
    return counted

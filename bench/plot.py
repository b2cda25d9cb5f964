"""The chart of a run: the share of the floor that each scenario reaches, and latencies."""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.figures import Row

_MET, _NOT_MET, _NO_GOAL = "#2a7f62", "#c0392b", "#7f8c8d"
_HEIGHT_PER_BAR: Final = 0.36
_LATENCIES: Final = (("p50", "#34495e"), ("p95", "#e67e22"), ("p99", "#c0392b"))


def is_possible() -> bool:
    """Return whether matplotlib is installed (requirements-bench.txt)."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the chart as PNG."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")  # no window
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    compared = [row for row in rows if row.ratio is not None][::-1]
    loads = [row for row in rows if row.figures.p50_ms is not None][::-1]
    height = 1.5 + _HEIGHT_PER_BAR * max(len(compared), len(loads), 1)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(15, height), layout="constrained")
    _draw_ratios(left, compared)
    _draw_latencies(right, loads)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _draw_ratios(axes: Any, rows: Sequence[Row]) -> None:
    ratios = [_share_of_floor(row) for row in rows]
    colours = [{True: _MET, False: _NOT_MET, None: _NO_GOAL}[row.is_met] for row in rows]
    bars = axes.barh([_label(row) for row in rows], ratios, color=colours)
    axes.bar_label(bars, [f"{ratio:.2f}" for ratio in ratios], padding=3)
    axes.axvline(0.5, color="black", linestyle=":", label="goal")
    axes.set_xlim(0, max([1.0, *ratios]) * 1.12)
    axes.set_title("Share of the floor that is reached (1 = as fast)")
    axes.legend(loc="lower right")


def _share_of_floor(row: Row) -> float:
    """Return the share of the floor's speed. For a single operation it is the inverse of the ratio of times."""
    ratio = row.ratio or 0.0
    return ratio if row.figures.per_second is not None else 1 / ratio if ratio else 0.0


def _draw_latencies(axes: Any, rows: Sequence[Row]) -> None:
    labels = [_label(row) for row in rows]
    for name, colour in _LATENCIES:
        axes.plot([getattr(row.figures, f"{name}_ms") for row in rows], labels, "o", color=colour, label=name)
    axes.set_xscale("log")
    axes.grid(axis="x", alpha=0.3)
    axes.set_title("Latency in milliseconds")
    axes.legend(loc="upper right")


def _label(row: Row) -> str:
    return f"{row.scenario} · {row.server}"

"""The geometry of a bar chart, for a template that draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 208
_LEFT: Final = 92  # room for the numbers of the axis
_BOTTOM: Final = 32  # room for the days
_TOP: Final = 20
_GAP: Final = 0.25  # of the width that a day has
_LABEL_EVERY: Final = 7  # days
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    """A day's bar; one without a count is hidden, and as high as the greatest hidden count could be."""

    x: float
    y: float
    width: float
    height: float
    day: date
    count: int | None


@dataclass(frozen=True)
class Tick:
    """A mark of an axis: its position, and the number or the day."""

    position: float
    value: int | date


@dataclass(frozen=True)
class BarChart:
    """Everything in units of the drawing, whose origin is at the top left."""

    bars: Sequence[Bar]
    counts: Sequence[Tick]
    days: Sequence[Tick]
    left: int = _LEFT
    base: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def bar_chart(days: Sequence[tuple[date, int | None]], threshold: int) -> BarChart:
    """Return the chart of counts by day, of which None is hidden and below or near the threshold."""
    highest = max([threshold, *(count for _, count in days if count is not None)])
    step = axis_step(highest)
    top = step * -(-highest // step)
    base, slot = HEIGHT - _BOTTOM, (WIDTH - _LEFT) / max(1, len(days))

    def height(count: int) -> float:
        return round((base - _TOP) * count / top, 1)

    bars = []
    for number, (day, count) in enumerate(days):
        tall = height(threshold if count is None else count)
        x = round(_LEFT + slot * (number + _GAP / 2), 1)
        bars.append(Bar(x, round(base - tall, 1), round(slot * (1 - _GAP), 1), tall, day, count))
    counts = [Tick(round(base - height(value), 1), value) for value in range(0, top + 1, step)]
    marked = bars[::-1][::_LABEL_EVERY][::-1]
    return BarChart(bars, counts, [Tick(round(bar.x + bar.width / 2, 1), bar.day) for bar in marked])


def axis_step(highest: int, most: int = 4) -> int:
    """Return a round step, 1, 2 or 5 times a power of ten, with which an axis has at most `most` steps."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * most >= highest:
                return step * power
        power *= 10

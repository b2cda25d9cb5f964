"""The geometry of charts, for a template that draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 208
_LEFT: Final = 124  # room for the numbers of the axis, which are larger on a narrow screen
_BOTTOM: Final = 40  # room for the days
_TOP: Final = 36  # and for the count above the highest bar
_GAP: Final = 0.25  # of the width that a day has
_LABEL_EVERY: Final = 7  # days
_MOST_LABELS: Final = 4
_ROW: Final = 60  # the height of a row: its name, and its bar
_ROW_BAR: Final = 22
_ROW_LABEL: Final = 120  # room for the count beside the longest bar
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

    @property
    def middle(self) -> float:
        """The horizontal middle."""
        return round(self.x + self.width / 2, 1)


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
    highest: Bar | None  # the newest of the highest shown ones, which is labelled
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
    marked = bars[::-1][:: max(_LABEL_EVERY, -(-len(bars) // _MOST_LABELS))][::-1]
    shown = [bar for bar in bars if bar.count]
    return BarChart(
        bars,
        counts,
        [Tick(bar.middle, bar.day) for bar in marked],
        max(shown, key=lambda bar: (bar.height, bar.day), default=None),
    )


@dataclass(frozen=True)
class Row:
    """A horizontal bar below its name; one without a count is hidden, and as long as the greatest hidden count."""

    name: str
    y: float  # of the name's baseline
    bar_y: float
    width: float
    count: int | None


@dataclass(frozen=True)
class RowChart:
    """Horizontal bars, from the left edge of the drawing."""

    rows: Sequence[Row]
    height: int
    bar_height: int = _ROW_BAR
    width: int = WIDTH


def row_chart(counts: Sequence[tuple[str, int | None]], threshold: int) -> RowChart:
    """Return the chart of counts by name, of which None is hidden and below or near the threshold."""
    highest = max([threshold, *(count for _, count in counts if count is not None)])
    rows = [
        Row(
            name,
            _ROW * number + _ROW / 2 - 4,
            _ROW * number + _ROW / 2 + 4,
            round((WIDTH - _ROW_LABEL) * (threshold if count is None else count) / highest, 1),
            count,
        )
        for number, (name, count) in enumerate(counts)
    ]
    return RowChart(rows, _ROW * len(rows))


def axis_step(highest: int) -> int:
    """Return a round step, 1, 2 or 5 times a power of ten, with which an axis has at most four steps."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * 4 >= highest:
                return step * power
        power *= 10

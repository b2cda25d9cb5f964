"""Plots as inline SVG: no library, no script, and a table of the same numbers below each one for screen readers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# In units of the drawing. A page scales it; it is small so that the text stays readable on a phone.
WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 12, 28
_MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Series:
    """A named row of numbers; `style` is a class of the page's style sheet."""

    name: str
    values: Sequence[float]
    style: str


def lines(title: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """Return a figure with one line for each series."""
    scale = _Scale(len(labels), max(max(one.values) for one in series))
    drawn = []
    for one in series:
        points = " ".join(f"{scale.middle(i):.1f},{scale.y(value):.1f}" for i, value in enumerate(one.values))
        drawn.append(f'<polyline class="line {one.style}" points="{points}"/>')
    return _figure(title, labels, series, scale, drawn)


def bars(title: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """Return a figure with a group of bars for each label."""
    scale = _Scale(len(labels), max(max(one.values) for one in series))
    width = scale.step * 0.8 / len(series)
    drawn = []
    for number, one in enumerate(series):
        for i, value in enumerate(one.values):
            x = scale.middle(i) - scale.step * 0.4 + number * width
            y = scale.y(value)
            height = scale.y(0) - y
            drawn.append(
                f'<rect class="bar {one.style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
            )
    return _figure(title, labels, series, scale, drawn)


def ticks(largest: float) -> list[float]:
    """Return round numbers from 0 to at least the largest value: steps of 1, 2 or 5 times a power of ten."""
    if largest <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(largest / _MOST_TICKS))
    step = next(size * power for size in (1, 2, 5, 10) if largest / (size * power) <= _MOST_TICKS)
    return [step * number for number in range(math.ceil(largest / step - 1e-9) + 1)]


class _Scale:
    """Where a label and a value are drawn."""

    def __init__(self, count: int, largest: float) -> None:
        self.ticks = ticks(largest)
        self.step = (WIDTH - _LEFT - _RIGHT) / max(count, 1)

    def middle(self, index: int) -> float:
        return _LEFT + self.step * (index + 0.5)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / self.ticks[-1]


def _figure(title: str, labels: Sequence[str], series: Sequence[Series], scale: _Scale, drawn: list[str]) -> str:
    legend = "".join(f'<li><span class="key {one.style}"></span>{escape(one.name)}</li>' for one in series)
    return f"""<figure>
<figcaption>{escape(title)}<ul class="legend">{legend}</ul></figcaption>
<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">
{_axes(labels, scale)}
{"".join(drawn)}
</svg>
<details><summary>The numbers</summary>{_table(labels, series)}</details>
</figure>"""


def _axes(labels: Sequence[str], scale: _Scale) -> str:
    grid = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{scale.y(tick):.1f}" y2="{scale.y(tick):.1f}"/>'
        f'<text class="tick" x="{_LEFT - 8}" y="{scale.y(tick) + 4:.1f}" text-anchor="end">{tick:,g}</text>'
        for tick in scale.ticks
    )
    names = "".join(
        f'<text class="tick" x="{scale.middle(i):.1f}" y="{HEIGHT - _BOTTOM + 20}" text-anchor="middle">'
        f"{escape(label)}</text>"
        for i, label in enumerate(labels)
    )
    return grid + names


def _table(labels: Sequence[str], series: Sequence[Series]) -> str:
    head = "".join(f'<th scope="col">{escape(one.name)}</th>' for one in series)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{one.values[i]:,g}</td>" for one in series)}</tr>'
        for i, label in enumerate(labels)
    )
    return f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"

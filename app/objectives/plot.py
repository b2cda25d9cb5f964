"""The plot of docs/objectives.md: how long a share of failures lasts until each alert fires."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import log10
from typing import Final

from app.domain.objectives import BurnRateAlert, Severity
from app.domain.objectives.model import MINUTES_PER_DAY, WORKBOOK_ALERTS
from app.domain.timeline import MINUTES_PER_HOUR

LANGUAGES: Final = ("en", "fr")
_BUDGET: Final = Fraction(1, 1000)  # of a target of 99.9%
_WIDTH, _HEIGHT = 760, 430
_LEFT, _RIGHT, _TOP, _BOTTOM = 86, 726, 30, 364
_SHARES: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_MINUTES: Final = (1, 5, 30, MINUTES_PER_HOUR, 6 * MINUTES_PER_HOUR, MINUTES_PER_DAY, 3 * MINUTES_PER_DAY)
# Pages are solid, tickets dashed: the plot must be legible without colours. Both tickets fire at the same time where
# both can, so their dashes alternate.
_COLOURS: Final = {14.4: "red", 6.0: "orange", 3.0: "blue", 1.0: "green"}
_STYLE: Final = """
    .back { fill: #ffffff } text { fill: #1f2328; font: 14px sans-serif } .grid { stroke: #d0d7de }
    .line { fill: none; stroke-width: 2.5 } .ticket { stroke-dasharray: 8 8 } .ticket.blue { stroke-dashoffset: 8 }
    .red { stroke: #b42318 } .orange { stroke: #9a5b00 } .blue { stroke: #0b5cad } .green { stroke: #1a6b34 }
    .name.red { fill: #b42318 } .name.orange { fill: #9a5b00 }
    .name.blue { fill: #0b5cad } .name.green { fill: #1a6b34 }
    .name { stroke: none; font-weight: bold }
    @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #3d444d }
      .red { stroke: #ff8d84 } .orange { stroke: #f0b429 } .blue { stroke: #79b8ff } .green { stroke: #6fdd8b }
      .name.red { fill: #ff8d84 } .name.orange { fill: #f0b429 } .name.blue { fill: #79b8ff }
      .name.green { fill: #6fdd8b } .name { stroke: none }
    }
"""


@dataclass(frozen=True)
class _Words:
    title: str
    shares: str
    durations: str
    severities: dict[Severity, str]
    units: tuple[str, str, str]
    percent: str
    decimal: str


_WORDS: Final = {
    "en": _Words(
        "Time until each alert fires, by the share of requests that fail. Target: 99.9%",
        "share of requests that fail",
        "time until the alert fires",
        {Severity.PAGE: "page", Severity.TICKET: "ticket"},
        ("min", "h", "d"),
        "%",
        ".",
    ),
    "fr": _Words(
        "Délai de déclenchement de chaque alerte selon la part des requêtes en échec. Cible : 99,9 %",
        "part des requêtes en échec",
        "délai avant l’alerte",
        {Severity.PAGE: "appel", Severity.TICKET: "billet"},
        ("min", "h", "j"),
        "\u00a0%",
        ",",
    ),
}


def detection_minutes(alert: BurnRateAlert, share: Fraction) -> Fraction | None:
    """Return after how many minutes an alert fires if this share of requests fails, and none did before.

    Requests are assumed to be as many in each minute, and enough for the minimum of bad events. None means never.
    The long window decides: the share of the short one rises faster. Nothing fires before a minute has ended.
    """
    threshold = _threshold(alert)
    return None if share < threshold else max(Fraction(1), alert.long_minutes * threshold / share)


def detection_plot(language: str) -> str:
    """Return the plot as SVG, for light and dark backgrounds."""
    words = _WORDS[language]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" lang="{language}">',
            f"  <title>{words.title}</title>",
            f"  <style>{_STYLE}  </style>",
            f'  <rect class="back" width="{_WIDTH}" height="{_HEIGHT}"/>',
            *_axes(words),
            *(line for alert in WORKBOOK_ALERTS for line in _line(alert, words)),
            "</svg>\n",
        ]
    )


def _axes(words: _Words) -> Iterator[str]:
    for share in _SHARES:
        x = _x(share)
        yield f'  <line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_BOTTOM}"/>'
        label = f"{share * 100:g}".replace(".", words.decimal) + words.percent
        yield f'  <text x="{x}" y="{_BOTTOM + 22}" text-anchor="middle">{label}</text>'
    for minutes in _MINUTES:
        y = _y(minutes)
        yield f'  <line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'  <text x="{_LEFT - 10}" y="{y + 5:.1f}" text-anchor="end">{_spell(minutes, words)}</text>'
    yield f'  <text x="{(_LEFT + _RIGHT) / 2}" y="{_HEIGHT - 14}" text-anchor="middle">{words.shares}</text>'
    middle = (_TOP + _BOTTOM) / 2
    yield f'  <text transform="translate(20 {middle}) rotate(-90)" text-anchor="middle">{words.durations}</text>'


def _line(alert: BurnRateAlert, words: _Words) -> Iterator[str]:
    threshold = _threshold(alert)
    # From the smallest share that fires the alert to the one that fires it after a minute, and to all requests.
    shares = sorted({threshold, min(Fraction(1), threshold * alert.long_minutes), Fraction(1)})
    points = [(share, minutes) for share in shares if (minutes := detection_minutes(alert, share)) is not None]
    path = " ".join(f"{_x(float(share))},{_y(float(minutes))}" for share, minutes in points)
    colour = _COLOURS[alert.factor]
    yield f'  <polyline class="line {alert.severity} {colour}" points="{path}"/>'
    factor = f"{alert.factor:g}".replace(".", words.decimal)
    # Pages have their names to the left of the line, where no other line is; tickets above it.
    is_page = alert.severity is Severity.PAGE
    x, y = _x(float(threshold)) + (-8 if is_page else 8), _y(alert.long_minutes) + (5 if is_page else -8)
    name = f"{words.severities[alert.severity]} {factor}×"
    yield (
        f'  <text class="name {colour}" x="{x:.1f}" y="{y:.1f}" text-anchor="{"end" if is_page else "start"}">'
        f"{name}</text>"
    )


def _threshold(alert: BurnRateAlert) -> Fraction:
    return Fraction(str(alert.factor)) * _BUDGET


def _spell(minutes: int, words: _Words) -> str:
    minute, hour, day = words.units
    if minutes >= MINUTES_PER_DAY:
        return f"{minutes // MINUTES_PER_DAY}\u00a0{day}"
    return f"{minutes // MINUTES_PER_HOUR}\u00a0{hour}" if minutes >= MINUTES_PER_HOUR else f"{minutes}\u00a0{minute}"


def _x(share: float) -> float:
    return round(_LEFT + (_RIGHT - _LEFT) * log10(share / _SHARES[0]) / log10(_SHARES[-1] / _SHARES[0]), 1)


def _y(minutes: float) -> float:
    return round(_BOTTOM - (_BOTTOM - _TOP) * log10(minutes) / log10(_MINUTES[-1]), 1)

"""The plot of detection times: its numbers are those of the evaluation, and it is drawn in both languages."""

import xml.etree.ElementTree as ElementTree  # of our own file
from fractions import Fraction
from math import ceil
from typing import Final

import pytest

from app.domain.objectives import BurnRateAlert, Counts
from app.domain.objectives.evaluation import is_firing
from app.domain.objectives.model import WORKBOOK_ALERTS
from app.objectives import load_objectives
from app.objectives.plot import LANGUAGES, detection_minutes, detection_plot

(OBJECTIVE,) = (objective for objective in load_objectives() if objective.name == "codes-availability")
REQUESTS: Final = 1_000_000  # a minute
SVG: Final = "{http://www.w3.org/2000/svg}"


def observed_minutes(alert: BurnRateAlert, share: Fraction) -> int | None:
    """Return after how many minutes of failures the evaluation fires, after days without."""

    def window(minutes: int, failing: int) -> Counts:
        bad = int(REQUESTS * share) * min(minutes, failing)
        return Counts(REQUESTS * minutes - bad, REQUESTS * minutes)

    for failing in range(1, alert.long_minutes + 1):
        if is_firing(OBJECTIVE, alert, window(alert.long_minutes, failing), window(alert.short_minutes, failing)):
            return failing
    return None


@pytest.mark.parametrize(
    "share", ["0.0009", "0.001", "0.0029", "0.003", "0.006", "0.01", "0.0144", "0.05", "0.2", "0.9", "1"]
)
@pytest.mark.parametrize("alert", WORKBOOK_ALERTS, ids=lambda alert: f"{alert.factor:g}")
def test_detection_takes_as_long_as_the_plot_shows(alert: BurnRateAlert, share: str) -> None:
    shown = detection_minutes(alert, Fraction(share))
    assert (shown and ceil(shown)) == observed_minutes(alert, Fraction(share))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plot_is_svg_with_a_line_and_a_name_for_each_alert(language: str) -> None:
    root = ElementTree.fromstring(detection_plot(language))  # noqa: S314
    assert root.get("lang") == language
    assert root.findtext(f"{SVG}title")
    assert len(root.findall(f"{SVG}polyline")) == len(WORKBOOK_ALERTS)
    texts = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
    names = {"en": ("page 14.4×", "ticket 1×"), "fr": ("appel 14,4×", "billet 1×")}[language]
    assert all(name in texts for name in names)
    assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    for line in root.findall(f"{SVG}polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert left < x < width
            assert top < y < height

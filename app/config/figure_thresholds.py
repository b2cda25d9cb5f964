"""The thresholds of figures that an operator changes."""

import re
from collections.abc import Mapping
from typing import Final

from app.domain.figure_alarms import THRESHOLDS

_ENTRY: Final = re.compile(r"(?P<figure>\w+)=(?P<warning>[0-9]{1,9})/(?P<critical>[0-9]{1,9})", re.ASCII)
_FIGURES: Final = tuple(each.figure for each in THRESHOLDS)


def figure_thresholds(raw: str) -> Mapping[str, tuple[int, int]]:
    """Parse `figure=warning/critical` pairs, comma-separated; return (warning, critical) by figure."""
    found: dict[str, tuple[int, int]] = {}
    for part in filter(None, (each.strip() for each in raw.split(","))):
        entry = _ENTRY.fullmatch(part)
        if entry is None:
            raise ValueError(f"{part!r} is not of the form figure=warning/critical, such as diagnosis_keys=9000/13500")
        figure, warning, critical = entry["figure"], int(entry["warning"]), int(entry["critical"])
        if figure not in _FIGURES:
            raise ValueError(f"{figure!r} is not a figure with thresholds: {', '.join(_FIGURES)}")
        if figure in found:
            raise ValueError(f"{figure!r} is named twice")
        if warning > critical:
            raise ValueError(f"{part!r} has a warning above the critical threshold")
        found[figure] = (warning, critical)
    return found

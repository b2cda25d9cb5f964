"""Alerts of figures that are not objectives."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.domain.incidents.alerts import AlertKey, Detection, Ending, Source
from app.domain.objectives import Severity
from app.figures.readings import FigureNow

_logger = logging.getLogger(__name__)


def alerts_of_figures(figures: Iterable[FigureNow], now: datetime) -> tuple[list[Detection], list[Ending]]:
    """Return the alerts of figures above a threshold, and those that do not fire. An unknown figure changes nothing."""
    detections, endings = [], []
    for each in figures:
        if each.value is None:
            continue
        for severity in Severity:
            key = AlertKey(Source.FIGURE, each.threshold.figure, severity)
            if each.alarm is not None and each.alarm.severity is severity:
                # For alarms outside the service, which read its log.
                _logger.warning(
                    "figure above threshold",
                    extra={"figure": each.threshold.figure, "severity": severity.value, "value": each.value},
                )
                window = timedelta(seconds=each.threshold.window_seconds)
                detections.append(Detection(key, now, each.threshold.parts, window))
            else:
                endings.append(Ending(key, now))
    return detections, endings

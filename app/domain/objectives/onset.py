"""When what makes an alert fire began: an alert fires minutes or hours after the first failure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.domain.objectives.evaluation import is_firing, sum_windows
from app.domain.objectives.model import BurnRateAlert, MinuteCounts, Objective, Severity


def began(objective: Objective, severity: Severity, counts: Iterable[MinuteCounts], now: datetime) -> datetime | None:
    """Return the first failing minute of what makes an alert of a severity fire; None if none fires.

    A minute fails if it alone reaches the burn rate of the alert. Failing minutes belong together if they are no
    further apart than the alert's short window, after which the alert would have ended. Of several alerts, the one
    with the shortest windows decides: the others also hold what happened long before.
    """
    minutes = list(counts)
    alerts = [each for each in objective.alerts if each.severity is severity]
    for alert in sorted(alerts, key=lambda each: each.long_minutes):
        sums = sum_windows(minutes, (alert.long_minutes, alert.short_minutes), now)
        if is_firing(objective, alert, sums[alert.long_minutes], sums[alert.short_minutes]):
            return _first_of_last_run(_failing(objective, alert, minutes, now), timedelta(minutes=alert.short_minutes))
    return None


def _failing(
    objective: Objective, alert: BurnRateAlert, minutes: Iterable[MinuteCounts], now: datetime
) -> list[datetime]:
    """Return the failing minutes of the alert's long window, in order. One at least, if the alert fires."""
    end = now.replace(second=0, microsecond=0)
    begin = end - timedelta(minutes=alert.long_minutes)
    threshold = objective.threshold(alert)
    return sorted(
        each.minute
        for each in minutes
        if begin <= each.minute < end and 0 < each.total - each.good >= each.total * threshold
    )


def _first_of_last_run(failing: list[datetime], apart: timedelta) -> datetime:
    first = failing[-1]
    for minute in reversed(failing):
        if first - minute > apart:
            break
        first = minute
    return first

"""The checks of the monitor, and when their results become alerts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

# How many bad results of a check, one after the other, are an alert.
BAD_IN_A_ROW: Final = 3


class Check(StrEnum):
    """What the monitor checks; the name is that of the metric's label."""

    DATABASE = "database"
    REDIS = "redis"
    WORKER = "worker"
    CLOCK = "clock"
    ARCHIVE_FRESHNESS = "archive_freshness"
    PURGE_LAG = "purge_lag"
    QUEUE_LAG = "queue_lag"
    STATUS_FOLDER = "status_folder"


# The parts of the service that fail, or soon will, while a check is bad.
CHECKED_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    Check.DATABASE: ("issuing", "claiming", "uploading", "portal", "sharing", "jobs"),
    Check.REDIS: ("portal", "jobs"),
    Check.WORKER: ("downloading", "jobs"),
    Check.CLOCK: ("jobs",),
    Check.ARCHIVE_FRESHNESS: ("downloading",),
    Check.PURGE_LAG: ("jobs",),
    Check.QUEUE_LAG: ("jobs",),
    Check.STATUS_FOLDER: ("jobs",),
}


class Streaks:
    """Counts the bad results of each check since its last good one. An unknown result (None) changes nothing."""

    def __init__(self) -> None:
        self._bad: Counter[str] = Counter()
        self._last: dict[str, bool] = {}

    def add(self, check: str, is_good: bool | None) -> None:
        """Count a result."""
        if is_good is None:
            return
        self._bad[check] = 0 if is_good else self._bad[check] + 1
        self._last[check] = is_good

    def firing(self) -> list[str]:
        """Return the checks that were bad often enough."""
        return [check for check, count in self._bad.items() if count >= BAD_IN_A_ROW]

    def good(self) -> list[str]:
        """Return the checks whose last known result is good: their alerts end."""
        return [check for check, is_good in self._last.items() if is_good]


def names(checks: Iterable[Check]) -> list[str]:
    """Return the names of checks."""
    return [each.value for each in checks]

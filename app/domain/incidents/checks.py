"""The checks of the monitor, and when their results become alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

# How many bad results of a check, one after the other, are an alert.
BAD_IN_A_ROW: Final = 3


class Check(StrEnum):
    """What the monitor checks; the name is that of the metric's label."""

    DATABASE = "database"
    DATABASE_LATENCY = "database_latency"
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
    Check.DATABASE_LATENCY: ("issuing", "claiming", "uploading", "portal", "sharing"),
    Check.REDIS: ("portal", "jobs"),
    Check.WORKER: ("downloading", "jobs"),
    Check.CLOCK: ("jobs",),
    Check.ARCHIVE_FRESHNESS: ("downloading",),
    Check.PURGE_LAG: ("jobs",),
    Check.QUEUE_LAG: ("jobs",),
    Check.STATUS_FOLDER: ("jobs",),
}


@dataclass
class _Streak:
    is_good: bool
    since: datetime
    length: int = 1


class Streaks:
    """The equal results of each check, one after the other. An unknown result (None) changes nothing."""

    def __init__(self) -> None:
        self._streaks: dict[Check, _Streak] = {}

    def add(self, results: Mapping[Check, bool | None], now: datetime) -> None:
        """Count results."""
        for check, is_good in results.items():
            if is_good is None:
                continue
            streak = self._streaks.get(check)
            if streak is not None and streak.is_good is is_good:
                streak.length += 1
            else:
                self._streaks[check] = _Streak(is_good, now)

    def firing(self) -> dict[Check, datetime]:
        """Return the checks that were bad often enough, and since when they have been."""
        return {
            check: streak.since
            for check, streak in self._streaks.items()
            if not streak.is_good and streak.length >= BAD_IN_A_ROW
        }

    def good(self) -> dict[Check, datetime]:
        """Return the checks whose last known result is good, and since when: their alerts end."""
        return {check: streak.since for check, streak in self._streaks.items() if streak.is_good}

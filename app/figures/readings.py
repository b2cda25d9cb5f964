"""Readings of figures for alarms: levels are recorded here, and sums by the job that folds counted minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from app.config import CommonSettings
from app.database.database import Database
from app.domain.figure_alarms import (
    LEVELS,
    OLDEST_READING,
    THRESHOLDS,
    FigureAlarm,
    FigureThreshold,
    figure_alarms,
    value_of,
    with_changes,
)
from app.store import diagnosis_keys, figure_readings, key_pairs

_RETENTION: Final = timedelta(hours=1)


@dataclass(frozen=True)
class FigureNow:
    """A figure and its thresholds: its value in the window that ends now, None if unknown, and the alarm if any."""

    threshold: FigureThreshold
    value: int | None
    alarm: FigureAlarm | None


@dataclass(frozen=True)
class FigureReadings:
    """Reads what alarms are about."""

    database: Database
    thresholds: tuple[FigureThreshold, ...] = THRESHOLDS

    def now(self, now: datetime) -> list[FigureNow]:
        """Return every figure that has thresholds, in the order of the table."""
        with self.database.autocommit() as connection:
            readings = figure_readings.since(connection, now - OLDEST_READING)
        alarms = {each.figure: each for each in figure_alarms(readings, now, self.thresholds)}
        return [FigureNow(each, value_of(each, readings, now), alarms.get(each.figure)) for each in self.thresholds]

    @classmethod
    def of(cls, database: Database, settings: CommonSettings) -> Self:
        """Return the readings with the thresholds of the settings."""
        return cls(database, with_changes(settings.figure_thresholds))

    def alarms(self, now: datetime) -> list[FigureAlarm]:
        """Return the alarms of this moment."""
        return [each.alarm for each in self.now(now) if each.alarm is not None]

    def record_levels(self, now: datetime) -> None:
        """Store how many codes and keys there are, and delete old readings. Only submission can read these tables."""
        with self.database.transaction() as connection:
            counted = {**key_pairs.count(connection), "diagnosis_keys": diagnosis_keys.count(connection)}
            levels = {figure: counted[figure] for figure in LEVELS}
            figure_readings.put_levels(connection, now.replace(second=0, microsecond=0), levels)
            figure_readings.purge(connection, now - _RETENTION)

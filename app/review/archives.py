"""The archives that a reviewer can download, with their sizes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.config import RetrievalSettings
from app.database.database import Database
from app.domain.exports import BUNDLE_PERIOD, ArchiveKind, export_window, served_periods
from app.domain.timeline import day_number
from app.store import diagnosis_keys, export_archives

_EPOCH = datetime.fromtimestamp(0, UTC).date()


@dataclass(frozen=True)
class OfferedArchive:
    """An archive of diagnosis keys: the number of its keys, and its size in bytes or None before it is built.

    `day` is None for the bundle of all past days.
    """

    period: int
    day: date | None
    is_today: bool
    keys: int
    size: int | None


def offered_archives(database: Database, settings: RetrievalSettings, now: datetime) -> list[OfferedArchive]:
    """Return the archives that are served at this moment: the bundle, today, and past days, newest first."""
    periods = served_periods(now, settings.export_policy)
    windows = {period: export_window(period, now, settings.export_policy) for period in periods}
    with database.snapshot() as connection:
        counts = {
            period: diagnosis_keys.count_exported(connection, window, settings.region_code)
            for period, window in windows.items()
        }
        sizes = export_archives.sizes(connection, ArchiveKind.KEYS)
    today = day_number(now)
    return [
        OfferedArchive(period, _day(period), period == today, counts[period], sizes.get(period)) for period in periods
    ]


def _day(period: int) -> date | None:
    return None if period == BUNDLE_PERIOD else _EPOCH + timedelta(days=period)

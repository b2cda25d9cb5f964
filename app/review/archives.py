"""The archives that a reviewer can fetch, and what is known of each."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.config import Settings
from app.domain.exports import BUNDLE_PERIOD, export_window, served_periods
from app.domain.timeline import day_number
from app.store import export_archives
from app.store import diagnosis_keys as exposure_keys
from app.database.database import Database
from app.store.export_archives import ArchiveKind

_EPOCH = datetime.fromtimestamp(0, UTC).date()


@dataclass(frozen=True)
class OfferedArchive:
    """An archive of exposure keys: how many it holds, and its size in bytes, or None until it is built.

    `day` is None for the bundle of all past days.
    """

    period: int
    day: date | None
    is_today: bool
    keys: int
    size: int | None


def offered_archives(database: Database, settings: Settings, now: datetime) -> list[OfferedArchive]:
    """Return the archives that are served at this moment: the bundle, today, and the days before it, newest first."""
    periods = served_periods(now, settings.export_policy)
    windows = {period: export_window(period, now, settings.export_policy) for period in periods}
    with database.snapshot() as connection:
        counts = {
            period: exposure_keys.count_exported(connection, window, settings.region_code)
            for period, window in windows.items()
        }
        sizes = export_archives.sizes(connection, ArchiveKind.KEYS)
    today = day_number(now)
    return [
        OfferedArchive(period, _day(period), period == today, counts[period], sizes.get(period)) for period in periods
    ]


def _day(period: int) -> date | None:
    return None if period == BUNDLE_PERIOD else _EPOCH + timedelta(days=period)

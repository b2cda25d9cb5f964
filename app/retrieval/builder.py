"""Building archives: once for everybody, by whoever holds the builder's lock, and only what is stale.

A crash at any point leaves the old archive in its place: its successor's file is kept under another name, and only
then does one statement make that name the current one.
"""

import hashlib
import logging
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from sqlalchemy import Connection

from app.retrieval.archive_files import ArchiveFiles
from app.config import Settings
from app.domain.exports import ExportWindow, export_window, served_periods
from app.domain.timeline import day_number, midnight
from app.retrieval.archive_writer import Signer, wrap_key, write_keys_archive, write_outbreaks_archive
from app.store import export_archives, outbreak_events
from app.store import diagnosis_keys as exposure_keys
from app.database.database import Database, allow_time
from app.store.export_archives import ArchiveKind, ArchiveRecord

_logger = logging.getLogger(__name__)

# A request that began before midnight may store its keys a little after it. Until the day is this old, the archives
# of past days are looked at again.
SETTLING: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Builder:
    """What building needs: where keys are, where files go, and the rules."""

    database: Database
    files: ArchiveFiles
    settings: Settings

    @property
    def signer(self) -> Signer:
        """Who signs."""
        return Signer(self.settings.ecdsa_key, self.settings.region_code)

    @property
    def kinds(self) -> list[ArchiveKind]:
        """The kinds of archive that this service serves."""
        return list(ArchiveKind) if self.settings.enable_outbreak_events else [ArchiveKind.KEYS]


def refresh_all(builder: Builder, now: datetime, margin: timedelta) -> int:
    """Renew every archive that is not fresh for `margin` longer; return how many were built.

    If another process is building, do nothing. An archive whose content did not change keeps its bytes.
    """
    built = 0
    periods = served_periods(now, builder.settings.export_policy)
    for kind in builder.kinds:
        for period in periods:
            built += _refresh(builder, kind, period, now, margin)
    _clean_up(builder, periods)
    return built


def _refresh(builder: Builder, kind: ArchiveKind, period: int, now: datetime, margin: timedelta) -> bool:
    with builder.database.transaction() as connection:
        if not export_archives.lock_builder(connection, wait=False):
            return False
        return _renew(builder, connection, kind, period, now, now + margin)[1]


def build_if_stale(builder: Builder, kind: ArchiveKind, period: int, now: datetime) -> ArchiveRecord:
    """Return a period's archive, built now if it is stale. Whoever comes while it is being built waits for it."""
    with builder.database.transaction() as connection:
        export_archives.lock_builder(connection, wait=True)
        return _renew(builder, connection, kind, period, now, now)[0]


def _renew(
    builder: Builder, connection: Connection, kind: ArchiveKind, period: int, now: datetime, needed_at: datetime
) -> tuple[ArchiveRecord, bool]:
    """Return the archive that is current after this, and whether it was built; the lock is held."""
    record = export_archives.find(connection, kind, period)
    if record is not None and record.is_fresh(now) and (record.is_fresh(needed_at) or _ends_with_day(record, now)):
        return record, False
    fresh_until = min(now + _max_age(builder.settings), midnight(now) + timedelta(days=1))
    if record is not None and record.signer != builder.signer.fingerprint:
        record = None  # the key or the region was changed: nothing of the old archive can be kept
    if record is not None and _is_settled(record, now):
        renewed, was_built = replace(record, fresh_until=fresh_until), False
    else:
        window = export_window(period, now, builder.settings.export_policy)
        with builder.database.snapshot() as reading:
            allow_time(reading)
            rows = _stored_rows(reading, kind, window)
            was_built = record is None or record.built_for_day != day_number(now) or record.stored_rows != rows
            current = _build(builder, reading, kind, window) if was_built or record is None else record
        if record is not None and record.export_digest == current.export_digest:
            current = replace(current, name=record.name, size=record.size)  # the same content keeps its bytes
        renewed = replace(
            current, stored_rows=rows, built_for_day=day_number(now), checked_at=now, fresh_until=fresh_until
        )
    export_archives.save(connection, renewed)
    return renewed, was_built


def _ends_with_day(record: ArchiveRecord, now: datetime) -> bool:
    """Tell whether nothing but the next day makes the archive stale: building it earlier would not help."""
    return record.fresh_until >= midnight(now) + timedelta(days=1)


def _max_age(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.export_max_age_seconds)


def _is_settled(record: ArchiveRecord, now: datetime) -> bool:
    """Tell whether the archive cannot change before the next day.

    No key joins a past day (see `publication_hour`) once the last requests of that day have ended, and keys leave
    it only when the day turns (rule 80).
    """
    is_past = record.period != day_number(now)
    return is_past and record.built_for_day == day_number(now) and record.checked_at >= midnight(now) + SETTLING


def _stored_rows(connection: Connection, kind: ArchiveKind, window: ExportWindow) -> int:
    if kind is ArchiveKind.KEYS:
        return exposure_keys.count_published(connection, window)
    return outbreak_events.count(connection, *_moments(window))


def _moments(window: ExportWindow) -> tuple[datetime, datetime]:
    return datetime.fromtimestamp(window.start_seconds, UTC), datetime.fromtimestamp(window.end_seconds, UTC)


def write_archive(
    builder: Builder, connection: Connection, kind: ArchiveKind, window: ExportWindow, out: BinaryIO
) -> bytes:
    """Write a window's archive to a file, from what is stored now; return the SHA-256 of what it says."""
    if kind is ArchiveKind.KEYS:
        keys = exposure_keys.wrapped_keys(connection, window, builder.settings.region_code, wrap_key)
        return write_keys_archive(out, window, keys, builder.signer)
    return write_outbreaks_archive(out, window, outbreak_events.select(connection, *_moments(window)), builder.signer)


def _build(builder: Builder, connection: Connection, kind: ArchiveKind, window: ExportWindow) -> ArchiveRecord:
    """Write the archive to a file of its own and keep that; only then can a record name it."""
    with tempfile.TemporaryFile() as file:
        digest = write_archive(builder, connection, kind, window, file)
        size = file.tell()
        file.seek(0)
        name = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        builder.files.put(name, file)
    _logger.info("archive built", extra={"kind": kind.value, "period": window.period, "bytes": size})
    epoch = datetime.fromtimestamp(0, UTC)
    signer = builder.signer.fingerprint
    return ArchiveRecord(kind, window.period, name, size, digest.hex(), signer, 0, 0, epoch, epoch)


def _clean_up(builder: Builder, periods: list[int]) -> None:
    """Forget archives that are served no more, and delete every file that no record names."""
    with builder.database.transaction() as connection:
        if not export_archives.lock_builder(connection, wait=False):
            return
        for kind in ArchiveKind:
            export_archives.delete_others(connection, kind, periods if kind in builder.kinds else [])
        builder.files.keep_only(export_archives.names(connection))

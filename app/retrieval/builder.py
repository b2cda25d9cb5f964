"""Building archives: once for all processes, under the builder's lock, and only if they are stale.

A crash at any point leaves the old archive in place: the new file is stored under its own name, and only then does one
statement make it the current one.
"""

import hashlib
import logging
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from sqlalchemy import Connection

from app.config import RetrievalSettings
from app.database.database import Database, allow_time
from app.domain.exports import ArchiveKind, ExportWindow, export_window, served_periods
from app.domain.publication import next_release
from app.domain.timeline import day_number, midnight, start_of_hour
from app.retrieval.archive_files import ArchiveFiles
from app.retrieval.archive_writer import Signer, wrap_key, write_keys_archive, write_outbreaks_archive
from app.store import diagnosis_keys, export_archives, outbreak_events
from app.store.export_archives import ArchiveRecord

_logger = logging.getLogger(__name__)

# A request that begins before midnight may store its keys shortly after it. Archives of past days are checked again
# until the day is this old.
SETTLING: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Builder:
    """What building an archive requires: the database, the storage of files, and the settings."""

    database: Database
    files: ArchiveFiles
    settings: RetrievalSettings

    @property
    def signer(self) -> Signer:
        """The signing key and its name."""
        return Signer(self.settings.ecdsa_key, self.settings.region_code)

    @property
    def kinds(self) -> list[ArchiveKind]:
        """The kinds of archives that this service serves."""
        return list(ArchiveKind) if self.settings.enable_outbreak_events else [ArchiveKind.KEYS]


def refresh_all(builder: Builder, now: datetime, margin: timedelta) -> int:
    """Refresh every archive that expires within `margin`; return how many were built.

    Does nothing while another process builds. An archive whose content has not changed keeps its bytes.
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
        return _refresh_locked(builder, connection, kind, period, now, now + margin)[1]


def build_if_stale(builder: Builder, kind: ArchiveKind, period: int, now: datetime) -> ArchiveRecord:
    """Return the archive of a period, and build it if it is stale. Concurrent callers wait for the one that builds."""
    with builder.database.transaction() as connection:
        export_archives.lock_builder(connection, wait=True)
        return _refresh_locked(builder, connection, kind, period, now, now)[0]


def _refresh_locked(
    builder: Builder, connection: Connection, kind: ArchiveKind, period: int, now: datetime, needed_at: datetime
) -> tuple[ArchiveRecord, bool]:
    """Return the current archive, and whether it was built by this call. The caller holds the builder's lock."""
    record = export_archives.find(connection, kind, period)
    next_change = _next_change(builder.settings, period, now)  # an archive that was built earlier would not help
    if (
        record is not None
        and record.is_fresh(now)
        and (record.is_fresh(needed_at) or record.fresh_until >= next_change)
    ):
        return record, False
    fresh_until = min(now + _max_age(builder.settings), next_change)
    if record is not None and record.signer != builder.signer.fingerprint:
        record = None  # signed by another key or for another region: the old archive cannot be kept
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
            current = replace(current, name=record.name, size=record.size)  # unchanged content keeps its bytes
        renewed = replace(
            current, stored_rows=rows, built_for_day=day_number(now), checked_at=now, fresh_until=fresh_until
        )
    export_archives.save(connection, renewed)
    return renewed, was_built


def _next_change(settings: RetrievalSettings, period: int, now: datetime) -> datetime:
    """Return when an archive must not be served any longer: at midnight, and today's at the next release.

    A cache keeps a response for an hour, so an archive that was served after a release would hide it for that time.
    """
    end_of_day = midnight(now) + timedelta(days=1)
    if period != day_number(now) or not settings.release_period_hours:
        return end_of_day
    return min(end_of_day, start_of_hour(next_release(now, settings.release_policy)))


def _max_age(settings: RetrievalSettings) -> timedelta:
    return timedelta(seconds=settings.export_max_age_seconds)


def _is_settled(record: ArchiveRecord, now: datetime) -> bool:
    """Return whether the archive cannot change before the next day.

    A past day never gains a key once its last requests have ended (see `publication_hour`), and it loses keys only at
    midnight (rule 80).
    """
    is_past = record.period != day_number(now)
    return is_past and record.built_for_day == day_number(now) and record.checked_at >= midnight(now) + SETTLING


def _stored_rows(connection: Connection, kind: ArchiveKind, window: ExportWindow) -> int:
    if kind is ArchiveKind.KEYS:
        return diagnosis_keys.count_published(connection, window)
    return outbreak_events.count(connection, *_moments(window))


def _moments(window: ExportWindow) -> tuple[datetime, datetime]:
    return datetime.fromtimestamp(window.start_seconds, UTC), datetime.fromtimestamp(window.end_seconds, UTC)


def write_archive(
    builder: Builder, connection: Connection, kind: ArchiveKind, window: ExportWindow, out: BinaryIO
) -> bytes:
    """Write the archive of a window from the stored rows to a file; return the SHA-256 of export.bin."""
    if kind is ArchiveKind.KEYS:
        keys = diagnosis_keys.wrapped_keys(connection, window, builder.settings.region_code, wrap_key)
        return write_keys_archive(out, window, keys, builder.signer)
    return write_outbreaks_archive(out, window, outbreak_events.select(connection, *_moments(window)), builder.signer)


def _build(builder: Builder, connection: Connection, kind: ArchiveKind, window: ExportWindow) -> ArchiveRecord:
    """Build an archive and store its file; return its record, which is not yet saved."""
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
    """Delete the records of archives that are no longer served, and files without a record."""
    with builder.database.transaction() as connection:
        if not export_archives.lock_builder(connection, wait=False):
            return
        for kind in ArchiveKind:
            export_archives.delete_others(connection, kind, periods if kind in builder.kinds else [])
        builder.files.keep_only(export_archives.names(connection))

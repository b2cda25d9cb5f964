"""Building archives: once for all processes, under the builder's lock, and only if they are stale.

A crash at any point leaves the old archive in place: the new file is stored under its own name, and only then does one
statement make it the current one.
"""

import hashlib
import logging
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import BinaryIO

from sqlalchemy import Connection

from app.config import RetrievalSettings
from app.database.clock_check import ClockCheck
from app.database.database import Database, allow_time
from app.domain.exports import ArchiveKind, ExportWindow, export_window, served_periods
from app.domain.publication import next_release
from app.domain.timeline import day_number, hour_number, midnight, start_of_hour
from app.retrieval.archive_files import ArchiveFiles
from app.retrieval.archive_writer import Signer, wrap_key, write_keys_archive, write_outbreaks_archive
from app.store import diagnosis_keys, export_archives, key_changes, outbreak_events
from app.store.export_archives import ArchiveRecord

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Builder:
    """What building an archive requires: the database, the storage of files, the settings, and a check of the clock."""

    database: Database
    files: ArchiveFiles
    settings: RetrievalSettings
    clock_check: ClockCheck

    @property
    def signer(self) -> Signer:
        """The signing key and its name."""
        return Signer(self.settings.ecdsa_key, self.settings.region_code)

    @property
    def max_age(self) -> timedelta:
        """How long an archive may be served after it was compared with the stored rows."""
        return timedelta(seconds=self.settings.export_max_age_seconds)

    @property
    def kinds(self) -> list[ArchiveKind]:
        """The kinds of archives that this service serves."""
        return list(ArchiveKind) if self.settings.enable_outbreak_events else [ArchiveKind.KEYS]


class Stopwatch:
    """Measures a wait for another builder.

    A request that waited with its old time would take the archive that was built meanwhile for one from the future, and
    build another one; after midnight, or a release, that of the past hour.
    """

    def __init__(self) -> None:
        self._started = monotonic()

    def after(self, moment: datetime) -> datetime:
        """Return a moment moved by the wait, in whole seconds."""
        return moment + timedelta(seconds=int(monotonic() - self._started))


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


def build_if_stale(
    builder: Builder, kind: ArchiveKind, period: int, now: datetime, missing: str | None = None
) -> ArchiveRecord:
    """Return the archive of a period, and build it if it is stale. Concurrent callers wait for the one that builds.

    `missing` is the name of a file that its storage does not have: an archive of this name is built again.
    """
    watch = Stopwatch()
    with builder.database.transaction() as connection:
        export_archives.lock_builder(connection, wait=True)
        now = watch.after(now)
        return _refresh_locked(builder, connection, kind, period, now, now, missing)[0]


def _refresh_locked(
    builder: Builder,
    connection: Connection,
    kind: ArchiveKind,
    period: int,
    now: datetime,
    needed_at: datetime,
    missing: str | None = None,
) -> tuple[ArchiveRecord, bool]:
    """Return the current archive, and whether it was built by this call. The caller holds the builder's lock."""
    record = export_archives.find(connection, kind, period)
    if record is not None and record.name == missing:
        record = None
    changes_at = next_change(builder.settings, period, now)  # an archive that was built earlier would not help
    if (
        record is not None
        and record.is_fresh(now, builder.max_age)
        and (needed_at < record.expiry(builder.max_age) or record.fresh_until >= changes_at)
    ):
        return record, False
    fresh_until = min(now + builder.max_age, changes_at)
    if record is not None and record.signer != builder.signer.fingerprint:
        record = None  # signed by another key or for another region: the old archive cannot be kept
    window = export_window(period, now, builder.settings.export_policy)
    with builder.database.snapshot() as reading:
        allow_time(reading)
        version = _source_version(reading, kind, window)
        was_built = record is None or record.source_version != version or not _is_of_this_time(record, now)
        current = _build(builder, reading, kind, window) if was_built or record is None else record
    if record is not None and record.export_digest == current.export_digest:
        current = replace(current, name=record.name, size=record.size)  # unchanged content keeps its bytes
    renewed = replace(
        current, source_version=version, built_for_day=day_number(now), checked_at=now, fresh_until=fresh_until
    )
    export_archives.save(connection, renewed)
    return renewed, was_built


def next_change(settings: RetrievalSettings, period: int, now: datetime) -> datetime:
    """Return when an archive must not be served any longer: at midnight, and today's at the next release.

    A cache keeps a response for an hour, so an archive that was served after a release would hide it for that time.
    """
    end_of_day = midnight(now) + timedelta(days=1)
    if period != day_number(now) or not settings.release_period_hours:
        return end_of_day
    return min(end_of_day, start_of_hour(next_release(now, settings.release_policy)))


def _is_of_this_time(record: ArchiveRecord, now: datetime) -> bool:
    """Return whether the archive's window has not moved since it was checked, backwards included.

    Old days lose keys at midnight (rule 80), and today's archive gains the keys that become public with an hour.
    """
    same_hour = hour_number(record.checked_at) == hour_number(now)
    return record.built_for_day == day_number(now) and (same_hour or record.period != day_number(now))


def _source_version(connection: Connection, kind: ArchiveKind, window: ExportWindow) -> int:
    if kind is ArchiveKind.KEYS:
        return key_changes.version(connection, window)
    return outbreak_events.version(connection, *_moments(window))


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
    return ArchiveRecord(kind, window.period, name, size, digest.hex(), signer, None, 0, epoch, epoch)


def _clean_up(builder: Builder, periods: list[int]) -> None:
    """Delete the records of archives that are no longer served, and files without a record."""
    with builder.database.transaction() as connection:
        if not export_archives.lock_builder(connection, wait=False):
            return
        for kind in ArchiveKind:
            export_archives.delete_others(connection, kind, periods if kind in builder.kinds else [])
        builder.files.keep_only(export_archives.names(connection))

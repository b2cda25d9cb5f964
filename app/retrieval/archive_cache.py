"""Archives in memory, so that serving one requires neither the database nor Redis."""

import io
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.database.database import allow_time
from app.domain.errors import ArchiveUnavailableError
from app.domain.exports import ArchiveKind, export_window, served_periods
from app.retrieval.builder import Builder, Stopwatch, build_if_stale, write_archive
from app.store import export_archives
from app.store.export_archives import ArchiveRecord

# Fifteen days and the bundle of a country in its worst months need less.
CAPACITY_BYTES: Final = 256 * 1024 * 1024

# A file may be replaced after its name has been read; the name is then read again. If the file is gone, as after a
# failover to a database that is older than the files, or a mistake in a bucket, the archive is built again.
_READ_ATTEMPTS: Final = 3

# How long a request waits for others of its process. Its own attempt must end before a router times out.
TURN_SECONDS: Final = 15


@dataclass(frozen=True)
class ServedArchive:
    """An archive's bytes and entity tag. It was checked at `checked_at`, and expires at `expiry` (exclusive)."""

    body: bytes
    etag: str
    checked_at: datetime
    expiry: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Return whether the archive may be served at this moment."""
        return export_archives.was_checked(self.checked_at, now) and now < self.expiry


@contextmanager
def _turn(lock: threading.Lock, now: datetime) -> Iterator[datetime]:
    """Hold a lock during the block, and yield the time after the wait; raise ArchiveUnavailableError if it is too long.

    While the database does not respond, a request would otherwise wait for the timeouts of all requests before it.
    """
    watch = Stopwatch()
    if not lock.acquire(timeout=TURN_SECONDS):
        raise ArchiveUnavailableError("another request is still loading it")
    try:
        yield watch.after(now)
    finally:
        lock.release()


class ArchiveCache:
    """Returns archives from memory, from their storage, or newly built, whichever is first available and fresh."""

    def __init__(self, builder: Builder, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._builder = builder
        self._capacity = capacity_bytes
        self._archives: OrderedDict[tuple[ArchiveKind, int], ServedArchive] = OrderedDict()
        self._lock = threading.Lock()
        # Builders are serialized in the database, and here as well, so that waiting ones hold no connection.
        self._building = threading.Lock()
        self._loading: dict[tuple[ArchiveKind, int], threading.Lock] = {}

    def cached(self, kind: ArchiveKind, period: int, now: datetime) -> ServedArchive | None:
        """Return an archive from memory if it may be served at this moment, else None."""
        archive = self._archives.get((kind, period))
        return archive if archive is not None and archive.is_fresh(now) else None

    def get(self, kind: ArchiveKind, period: int, now: datetime) -> ServedArchive:
        """Return the archive of a period. Concurrent calls load or build it once. Raises ArchiveUnavailableError."""
        if self._builder.settings.export_max_age_seconds == 0:
            return ServedArchive(self.build(kind, period, now), "", now, now)
        archive = self.cached(kind, period, now)
        if archive is not None:
            return archive
        with self._lock:
            loading = self._loading.setdefault((kind, period), threading.Lock())
        with _turn(loading, now) as now:
            return self.cached(kind, period, now) or self._load(kind, period, now)

    def build(self, kind: ArchiveKind, period: int, now: datetime) -> bytes:
        """Return the bytes of a period's archive, built from the rows stored at this moment."""
        window = export_window(period, now, self._builder.settings.export_policy)
        out = io.BytesIO()
        with self._builder.database.snapshot() as connection:
            allow_time(connection)
            write_archive(self._builder, connection, kind, window, out)
        return out.getvalue()

    def _load(self, kind: ArchiveKind, period: int, now: datetime) -> ServedArchive:
        missing: str | None = None
        for _ in range(_READ_ATTEMPTS):
            record = self._fresh_record(kind, period, now, missing)
            body = self._body(kind, record)
            if body is not None:
                archive = ServedArchive(body, record.name, record.checked_at, record.expiry(self._builder.max_age))
                self._put((kind, period), archive, now)
                return archive
            missing = record.name
        raise ArchiveUnavailableError("its file is missing")

    def _fresh_record(self, kind: ArchiveKind, period: int, now: datetime, missing: str | None) -> ArchiveRecord:
        with self._builder.database.autocommit() as connection:
            self._builder.clock_check.compare(connection)
            record = export_archives.find(connection, kind, period)
        if record is not None and record.name != missing and record.is_fresh(now, self._builder.max_age):
            return record
        with _turn(self._building, now) as now:
            return build_if_stale(self._builder, kind, period, now, missing)

    def _body(self, kind: ArchiveKind, record: ArchiveRecord) -> bytes | None:
        """Return the bytes of a record, from memory if only its expiry has changed."""
        cached = self._archives.get((kind, record.period))
        return (
            cached.body if cached is not None and cached.etag == record.name else self._builder.files.get(record.name)
        )

    def _put(self, key: tuple[ArchiveKind, int], archive: ServedArchive, now: datetime) -> None:
        """Keep an archive in memory; evict those of days that are no longer served.

        Evict also those that were loaded longest ago while there are too many bytes.
        """
        served = served_periods(now, self._builder.settings.export_policy)
        with self._lock:
            self._archives.pop(key, None)
            self._archives[key] = archive
            for old in [each for each in {*self._archives, *self._loading} if each[1] not in served]:
                self._archives.pop(old, None)
                self._loading.pop(old, None)
            while sum(len(each.body) for each in self._archives.values()) > self._capacity:
                self._archives.popitem(last=False)

"""The archives that a process holds in memory, so that serving one costs neither the database nor Redis anything."""

import io
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.exports import export_window
from app.retrieval.builder import Builder, build_if_stale, write_archive
from app.store import export_archives
from app.store.export_archives import ArchiveKind, ArchiveRecord

# Fifteen days and the bundle, at the size of a nation's worst months, with room to spare.
CAPACITY_BYTES: Final = 256 * 1024 * 1024

# A file may be replaced between the moment its name is read and the moment it is; then the name is read again.
_READ_ATTEMPTS: Final = 3

# How long a request waits for others of its process; its own attempt must end before a router gives up on it.
TURN_SECONDS: Final = 15


@dataclass(frozen=True)
class ServedArchive:
    """An archive's bytes and their entity tag; `fresh_until` is the moment from which it may not be served."""

    body: bytes
    etag: str
    fresh_until: datetime


@contextmanager
def _turn(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock for the block; raise TimeoutError when it is not free in time.

    One who waits behind others that each find the database silent would otherwise wait for all of their patience.
    """
    if not lock.acquire(timeout=TURN_SECONDS):
        raise TimeoutError("others are still loading")
    try:
        yield
    finally:
        lock.release()


class Library:
    """Serves archives from memory, from where they are kept, or by building them, whichever is the first that may."""

    def __init__(self, builder: Builder, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._builder = builder
        self._capacity = capacity_bytes
        self._held: OrderedDict[tuple[ArchiveKind, int], ServedArchive] = OrderedDict()
        self._lock = threading.Lock()
        # Builders take turns in the database; here already, so that those who wait hold no connection.
        self._building = threading.Lock()
        self._loading: dict[tuple[ArchiveKind, int], threading.Lock] = {}

    def held(self, kind: ArchiveKind, period: int, now: datetime) -> ServedArchive | None:
        """Return an archive from memory if it may be served at this moment."""
        archive = self._held.get((kind, period))
        return archive if archive is not None and now < archive.fresh_until else None

    def get(self, kind: ArchiveKind, period: int, now: datetime) -> ServedArchive:
        """Return a period's archive. However many ask at once, it is loaded or built once."""
        if self._builder.settings.export_max_age_seconds == 0:
            return ServedArchive(self.build(kind, period, now), "", now)
        archive = self.held(kind, period, now)
        if archive is not None:
            return archive
        with self._lock:
            loading = self._loading.setdefault((kind, period), threading.Lock())
        with _turn(loading):
            return self.held(kind, period, now) or self._load(kind, period, now)

    def build(self, kind: ArchiveKind, period: int, now: datetime) -> bytes:
        """Return a period's archive, built from what is stored at this moment."""
        window = export_window(period, now, self._builder.settings.export_policy)
        out = io.BytesIO()
        with self._builder.database.snapshot() as connection:
            write_archive(self._builder, connection, kind, window, out)
        return out.getvalue()

    def _load(self, kind: ArchiveKind, period: int, now: datetime) -> ServedArchive:
        for _ in range(_READ_ATTEMPTS):
            record = self._fresh_record(kind, period, now)
            body = self._body(kind, record)
            if body is not None:
                archive = ServedArchive(body, record.name, record.fresh_until)
                self._hold((kind, period), archive)
                return archive
        raise FileNotFoundError("an archive's file is missing")

    def _fresh_record(self, kind: ArchiveKind, period: int, now: datetime) -> ArchiveRecord:
        with self._builder.database.single() as connection:
            record = export_archives.find(connection, kind, period)
        if record is not None and record.is_fresh(now):
            return record
        with _turn(self._building):
            return build_if_stale(self._builder, kind, period, now)

    def _body(self, kind: ArchiveKind, record: ArchiveRecord) -> bytes | None:
        """Return the record's bytes, from memory if it is only its time that has changed."""
        held = self._held.get((kind, record.period))
        return held.body if held is not None and held.etag == record.name else self._builder.files.get(record.name)

    def _hold(self, key: tuple[ArchiveKind, int], archive: ServedArchive) -> None:
        """Keep an archive in memory; let go of those loaded longest ago when there are too many bytes."""
        with self._lock:
            self._held.pop(key, None)
            self._held[key] = archive
            while sum(len(held.body) for held in self._held.values()) > self._capacity:
                self._held.popitem(last=False)

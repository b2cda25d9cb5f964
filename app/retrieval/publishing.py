"""Storing every archive under its current addresses, for a CDN that serves downloads without this service.

The addresses of an archive contain a code that changes every hour, and the codes of the last, the present and the next
hour are valid (rule 73). There is no file yet under the code of the next hour if the archive changes when that hour
begins: phones request this address from then on, and a cache would keep the old archive for an hour. A file whose code
is no longer valid is deleted, so a copy that is not renewed, because the worker is down, is found for two hours at
most. For every address without a file, the CDN asks the service.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.domain.exports import ArchiveKind, served_periods
from app.domain.timeline import hour_number, start_of_hour
from app.retrieval.builder import Builder, next_change
from app.retrieval.download_files import DownloadFiles
from app.retrieval.downloads import BY_PREFIX, NEAR_HOURS, Download, canonical_path, download_code
from app.store import export_archives
from app.store.export_archives import ArchiveRecord

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publisher:
    """What storing downloads requires: the builder of archives, and the place of the files."""

    builder: Builder
    files: DownloadFiles


def publish_downloads(publisher: Publisher, now: datetime) -> int:
    """Store each fresh archive under its addresses, and delete the other files; return how many were stored.

    Does nothing while another process does the same. May be interrupted and repeated at any time: the manifest is
    written after the files that it lists.
    """
    with publisher.builder.database.transaction() as connection:
        if not export_archives.lock_publishing(connection):
            return 0
        return _publish(publisher, now)


def _publish(publisher: Publisher, now: datetime) -> int:
    builder, files = publisher.builder, publisher.files
    published = dict(files.read_manifest())
    names: dict[str, str] = {}
    stored = 0
    for record in _fresh_archives(builder, now):
        paths = list(addresses(builder, record, now))
        new = [path for path in paths if published.get(path) != record.name]
        body = builder.files.get(record.name) if new else None
        if body is None:  # of a file that is gone: the service builds it again, at the first request
            continue
        for path in new:
            files.put(path, body)
            names[path] = record.name
            stored += 1
    valid = _valid_paths(builder, now)
    kept = {path: name for path, name in (published | names).items() if path in valid}
    if kept != published:
        files.write_manifest(kept)
    if stored or set(published) - valid:
        files.delete(files.paths() - valid)
        _logger.info("downloads stored", extra={"stored": stored, "files": len(kept)})
    return stored


def addresses(builder: Builder, record: ArchiveRecord, now: datetime) -> Iterator[str]:
    """Yield the paths at which an archive is stored in this hour."""
    (download,) = (each for each in BY_PREFIX.values() if each.kind is record.kind)
    yield from _paths(builder, download, record.period, now)


def _paths(builder: Builder, download: Download, period: int, now: datetime) -> Iterator[str]:
    settings, day = builder.settings, f"{period:05d}"
    changes_at = next_change(settings, period, now)
    for hour in (hour_number(now) + near for near in NEAR_HOURS):
        if start_of_hour(hour) < changes_at:
            code = download_code(settings.retrieve_hmac_key, settings.region_code, day, hour)
            yield canonical_path(download, settings.region_code, day, code.hex())


def _valid_paths(builder: Builder, now: datetime) -> set[str]:
    downloads = [each for each in BY_PREFIX.values() if each.kind in builder.kinds]
    periods = served_periods(now, builder.settings.export_policy)
    return {path for download in downloads for day in periods for path in _paths(builder, download, day, now)}


def _fresh_archives(builder: Builder, now: datetime) -> list[ArchiveRecord]:
    """Return the archives that may be served; one that is due is left to the next run."""
    kinds: list[ArchiveKind] = builder.kinds
    with builder.database.autocommit() as connection:
        found = [
            export_archives.find(connection, kind, period)
            for kind in kinds
            for period in served_periods(now, builder.settings.export_policy)
        ]
    return [record for record in found if record is not None and record.is_fresh(now, builder.max_age)]

"""Archives in memory (app/retrieval/archive_cache.py)."""

import io
import weakref
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.errors import ArchiveUnavailableError
from app.domain.exports import ArchiveKind
from app.domain.limits import SERVED_DAYS
from app.domain.timeline import midnight
from app.retrieval.archive_cache import ArchiveCache
from app.retrieval.archive_files import ArchiveFiles
from tests.support.breakage import without_table
from tests.support.service import Service, exposure_key
from tests.support.stored import store_key

KEYS = ArchiveKind.KEYS


def test_an_archive_in_memory_costs_no_query(aged: Service) -> None:
    first = aged.fetch(aged.today)
    with without_table(aged, "export_archives"):
        assert aged.fetch(aged.today).data == first.data


def test_an_archive_is_never_served_past_its_age(aged: Service) -> None:
    library = ArchiveCache(aged.app.context.retrieval.builder)
    archive = library.get(KEYS, aged.today, aged.clock.now)
    assert archive.expiry == aged.clock.now + timedelta(seconds=60)
    assert library.cached(KEYS, aged.today, aged.clock.now + timedelta(seconds=59)) is archive
    assert library.cached(KEYS, aged.today, aged.clock.now + timedelta(seconds=60)) is None


def test_an_archive_is_never_served_on_the_next_day(aged: Service) -> None:
    aged.clock.now = midnight(aged.clock.now) + timedelta(hours=23, minutes=59, seconds=50)
    library = ArchiveCache(aged.app.context.retrieval.builder)
    library.get(KEYS, aged.today - 1, aged.clock.now)
    assert library.cached(KEYS, aged.today - 1, aged.clock.now + timedelta(seconds=10)) is None


def test_all_processes_serve_the_same_bytes(aged: Service, make_service: Callable[..., Service]) -> None:
    other = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60")
    first, second = aged.fetch(aged.today), other.fetch(other.today)
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]


def test_an_age_of_zero_builds_for_every_request(make_service: Callable[..., Service]) -> None:
    service = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="0")
    first, second = service.fetch(service.today), service.fetch(service.today)
    assert first.data != second.data  # signatures differ
    assert "ETag" not in first.headers
    assert service.rows("SELECT * FROM export_archives") == []


def test_an_age_of_zero_allows_statements_as_much_time_as_the_worker_has(make_service: Callable[..., Service]) -> None:
    service = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="0", DATABASE_TIMEOUT_SECONDS="1")
    store_key(service, 1)
    service.execute("ALTER TABLE diagnosis_keys RENAME TO stored_keys")
    service.execute(
        "CREATE VIEW diagnosis_keys AS SELECT keys.* FROM (SELECT pg_sleep(1.5)) AS slept, stored_keys AS keys"
    )
    try:
        assert service.fetch(service.today).status_code == 200
    finally:
        service.execute("DROP VIEW diagnosis_keys; ALTER TABLE stored_keys RENAME TO diagnosis_keys")


def test_what_was_built_by_the_worker_is_loaded_not_built(aged: Service) -> None:
    library = ArchiveCache(aged.app.context.retrieval.builder)
    built = library.get(KEYS, aged.today, aged.clock.now)
    pair = aged.pair()
    aged.upload(pair, [exposure_key(1, rolling_start_interval_number=(aged.today - 1) * 144)])
    assert ArchiveCache(aged.app.context.retrieval.builder).get(KEYS, aged.today, aged.clock.now).body == built.body


def test_memory_is_bounded(aged: Service) -> None:
    size = len(ArchiveCache(aged.app.context.retrieval.builder).get(KEYS, aged.today, aged.clock.now).body)
    library = ArchiveCache(aged.app.context.retrieval.builder, capacity_bytes=int(2.5 * size))
    for back in range(4):
        library.get(KEYS, aged.today - back, aged.clock.now)
    held = [back for back in range(4) if library.cached(KEYS, aged.today - back, aged.clock.now)]
    assert held == [2, 3]


def test_archives_of_days_that_are_no_longer_served_leave_memory(aged: Service) -> None:
    cache = ArchiveCache(aged.app.context.retrieval.builder)
    oldest = aged.today
    loaded = {}
    for _ in range(SERVED_DAYS + 5):
        loaded[aged.today] = weakref.ref(cache.get(KEYS, aged.today, aged.clock.now))
        aged.clock.advance(days=1)
    held = [period for period, archive in loaded.items() if archive() is not None]
    # The last one was loaded yesterday, when days of 14 days before were served.
    assert held == list(range(oldest + 4, aged.today))


def test_a_file_that_was_replaced_meanwhile_is_looked_up_again(aged: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    library = ArchiveCache(aged.app.context.retrieval.builder)
    library.get(KEYS, aged.today, aged.clock.now)
    files: ArchiveFiles = aged.app.context.retrieval.builder.files
    answers = [None, files.get(aged.rows("SELECT name FROM export_archives")[0].name)]
    monkeypatch.setattr(type(files), "get", lambda *_: answers.pop(0))
    assert ArchiveCache(aged.app.context.retrieval.builder).get(KEYS, aged.today, aged.clock.now).body
    assert answers == []


def test_a_file_that_is_gone_is_built_again(aged: Service) -> None:
    """As after a failover of the database, or with a bucket from which somebody deleted it."""
    store_key(aged, 1, hour_of_submission=(aged.today - 1) * 24)
    first = aged.fetch(aged.today - 1)
    aged.execute("TRUNCATE export_archive_parts")
    cache = ArchiveCache(aged.app.context.retrieval.builder)
    again = cache.get(KEYS, aged.today - 1, aged.clock.now)
    assert again.etag != first.headers["ETag"].strip('"')
    assert exported(again.body) == exported(first.data)
    assert cache.get(KEYS, aged.today - 1, aged.clock.now) is again


def exported(archive: bytes) -> bytes:
    """Return export.bin."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read("export.bin")


def test_files_that_are_gone_are_an_error(aged: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    aged.fetch(aged.today)
    monkeypatch.setattr(type(aged.app.context.retrieval.builder.files), "get", lambda *_: None)
    with pytest.raises(ArchiveUnavailableError):
        ArchiveCache(aged.app.context.retrieval.builder).get(KEYS, aged.today, aged.clock.now)


def test_nobody_waits_for_ever_behind_others(aged: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.retrieval.archive_cache.TURN_SECONDS", 0.05)
    with aged.app.context.retrieval.archives._building:
        answer = aged.fetch(aged.today)
    assert (answer.status_code, answer.text) == (500, "database error\n")
    assert aged.fetch(aged.today).status_code == 200

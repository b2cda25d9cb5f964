"""Building archives (app/retrieval/builder.py): once, only what is stale, and exactly what is due."""

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import boto3
import pytest
from moto import mock_aws
from sqlalchemy import Connection

from app.crypto.signing import generate_signing_key
from app.domain.exports import ArchiveKind, ExportWindow
from app.domain.timeline import midnight
from app.retrieval import builder as building
from app.retrieval.archive_cache import ArchiveCache
from app.retrieval.archive_reader import read_archive
from app.retrieval.builder import Builder, build_if_stale, refresh_all
from app.store.export_archives import ArchiveRecord
from tests.support.archive import archive_in
from tests.support.aws import set_credentials, sign_digests
from tests.support.service import Service, exposure_key
from tests.support.stored import store_key
from tests.support.waiting import wait_until

MARGIN = timedelta(seconds=40)


def builder_of(service: Service) -> Builder:
    builder: Builder = service.app.context.retrieval.builder
    return builder


def refresh(service: Service) -> int:
    return refresh_all(builder_of(service), service.clock.now, MARGIN)


def names(service: Service) -> dict[tuple[str, int], str]:
    return {(row.kind, row.period): row.name for row in service.rows("SELECT * FROM export_archives")}


def upload(service: Service, number: int, start: int | None = None) -> None:
    first = (service.today - 3) * 144 if start is None else start
    key = exposure_key(number, rolling_start_interval_number=first)
    assert service.upload(service.pair(), [key]).status_code == 200


def test_the_first_round_builds_every_archive_that_is_served(aged: Service) -> None:
    assert refresh(aged) == 32
    today = aged.today
    periods = {0, *range(today - 14, today + 1)}
    assert set(names(aged)) == {(kind, period) for kind in ("keys", "outbreaks") for period in periods}


def test_a_round_with_nothing_new_builds_nothing_and_keeps_every_byte(aged: Service) -> None:
    refresh(aged)
    before = names(aged)
    aged.clock.advance(seconds=50)
    assert refresh(aged) == 0
    assert names(aged) == before


def test_an_upload_makes_only_the_archive_of_the_day_new(aged: Service) -> None:
    refresh(aged)
    before = names(aged)
    upload(aged, 1)
    aged.clock.advance(seconds=50)
    assert refresh(aged) == 1
    after = names(aged)
    assert {period for period in after if after[period] != before[period]} == {("keys", aged.today)}


def test_archives_that_stay_fresh_are_not_looked_at(aged: Service) -> None:
    refresh(aged)
    upload(aged, 1)
    aged.clock.advance(seconds=10)
    assert refresh(aged) == 0


def test_the_turn_of_the_day_builds_everything_anew_and_forgets_the_oldest_day(aged: Service) -> None:
    aged.clock.now = midnight(aged.clock.now) + timedelta(hours=23, minutes=59, seconds=30)
    upload(aged, 1)
    refresh(aged)
    yesterday = aged.today
    aged.clock.now = midnight(aged.clock.now) + timedelta(days=1)
    assert refresh(aged) == 32
    assert ("keys", yesterday - 14) not in names(aged)
    assert len(archive_in(aged.fetch(yesterday)).numbers) == len(archive_in(aged.fetch(0)).numbers) == 1
    assert archive_in(aged.fetch(aged.today)).numbers == []


def test_no_archive_outlives_its_day(aged: Service) -> None:
    aged.clock.now = midnight(aged.clock.now) + timedelta(hours=23, minutes=59, seconds=30)
    refresh(aged)
    rows = aged.rows("SELECT DISTINCT fresh_until FROM export_archives")
    assert [row.fresh_until for row in rows] == [midnight(aged.clock.now) + timedelta(days=1)]


def test_a_key_that_was_stored_just_after_midnight_still_joins_its_day(aged: Service) -> None:
    aged.clock.now = midnight(aged.clock.now) + timedelta(days=1, seconds=1)
    refresh(aged)
    yesterday = aged.today - 1
    upload(aged, 1)
    aged.execute("UPDATE diagnosis_keys SET hour_of_submission = :hour", hour=aged.today * 24 - 1)
    aged.clock.advance(seconds=61)
    refresh(aged)
    assert len(archive_in(aged.fetch(yesterday)).numbers) == 1


def test_old_days_shrink_when_the_day_turns(aged: Service) -> None:
    upload(aged, 1, start=(aged.today - 13) * 144)
    refresh(aged)
    day = aged.today
    assert len(archive_in(aged.fetch(day)).numbers) == 1
    aged.clock.advance(days=1)
    refresh(aged)
    assert archive_in(aged.fetch(day)).numbers == []


def test_files_that_no_record_names_are_deleted(aged: Service) -> None:
    refresh(aged)
    upload(aged, 1)
    aged.clock.advance(seconds=50)
    refresh(aged)
    kept = {row.name for row in aged.rows("SELECT DISTINCT name FROM export_archive_parts")}
    assert kept == set(names(aged).values())


def test_a_round_leaves_the_work_to_whoever_holds_the_lock(aged: Service) -> None:
    with aged.database.transaction() as connection:
        building.export_archives.lock_builder(connection, wait=True)
        assert refresh(aged) == 0
    assert names(aged) == {}


def test_a_crash_while_building_leaves_the_old_archive(aged: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh(aged)
    before = names(aged)
    upload(aged, 1)
    aged.clock.advance(seconds=50)

    def crash(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(building.export_archives, "save", crash)
    with pytest.raises(MemoryError):
        refresh(aged)
    monkeypatch.undo()
    assert names(aged) == before
    aged.clock.advance(seconds=5)
    assert archive_in(aged.fetch(aged.today)).numbers == []  # the old one, while it is young enough
    aged.clock.advance(seconds=6)
    assert len(archive_in(aged.fetch(aged.today)).numbers) == 1


def test_a_hundred_requests_at_once_build_an_archive_once(aged: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    original = building._build

    def counting(*arguments: object) -> ArchiveRecord:
        built.append(threading.get_ident())
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "_build", counting)
    libraries = [ArchiveCache(builder_of(aged)) for _ in range(4)]  # as many web processes
    with ThreadPoolExecutor(100) as pool:
        bodies = set(
            pool.map(
                lambda number: libraries[number % 4].get(ArchiveKind.KEYS, aged.today, aged.clock.now).body, range(100)
            )
        )
    assert len(built) == len(bodies) == 1


def test_requests_that_waited_past_midnight_do_not_build_the_archive_of_the_day_before(
    aged: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[ExportWindow] = []
    may_go_on = threading.Event()
    moments = [0.0]  # at which a wait began or ended
    original = building._build

    def slow(builder: Builder, connection: Connection, kind: ArchiveKind, window: ExportWindow) -> ArchiveRecord:
        built.append(window)
        assert may_go_on.wait(60)
        return original(builder, connection, kind, window)

    def clock() -> float:
        moments.append(moments[-1] + 3 if may_go_on.is_set() else 0.0)
        return moments[-1]

    monkeypatch.setattr(building, "_build", slow)
    monkeypatch.setattr(building, "monotonic", clock)
    after = midnight(aged.clock.now) + timedelta(days=1, seconds=1)
    same_process, other_process = ArchiveCache(builder_of(aged)), ArchiveCache(builder_of(aged))

    def get(cache: ArchiveCache, now: datetime) -> bytes:
        return cache.get(ArchiveKind.KEYS, aged.today, now).body

    with ThreadPoolExecutor(3) as pool:
        bodies = [pool.submit(get, same_process, after)]
        wait_until(lambda: built, "the archive is being built")
        for cache in (same_process, other_process):
            begun = len(moments)
            bodies.append(pool.submit(get, cache, after - timedelta(seconds=3)))
            wait_until(lambda begun=begun: len(moments) > begun, "another request waits")
        may_go_on.set()
        assert len({body.result(60) for body in bodies}) == 1
    assert [window.published_before_hour for window in built] == [(aged.today + 1) * 24]


def test_two_builders_at_once_make_one_archive(aged: Service) -> None:
    with ThreadPoolExecutor(8) as pool:
        records = list(
            pool.map(lambda _: build_if_stale(builder_of(aged), ArchiveKind.KEYS, aged.today, aged.clock.now), range(8))
        )
    assert len({record.name for record in records}) == 1


def test_a_new_signing_key_signs_every_archive_anew(aged: Service, make_service: Callable[..., Service]) -> None:
    refresh(aged)
    before = names(aged)
    other = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60", ECDSA_KEY=generate_signing_key())
    other.clock.now = aged.clock.now + timedelta(seconds=61)
    assert refresh(other) == 32
    after = names(other)
    assert not {after[period] for period in after} & set(before.values())
    archive = read_archive(io.BytesIO(other.fetch(other.today).data))
    assert archive.is_signed_by(other.settings.retrieval.ecdsa_key.public_key())


def test_archives_of_another_region_are_not_kept(aged: Service, make_service: Callable[..., Service]) -> None:
    refresh(aged)
    before = names(aged)
    other = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60", REGION_CODE="310")
    other.clock.now = aged.clock.now + timedelta(seconds=61)
    assert refresh(other) == 32
    assert not set(names(other).values()) & set(before.values())


def test_a_key_of_kms_signs_archives(make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch) -> None:
    set_credentials(monkeypatch)
    sign_digests(monkeypatch)
    with mock_aws():
        made = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
        service = make_service(EXPORT_MAX_AGE_SECONDS="60", ECDSA_KEY=f"aws-kms://{made['KeyMetadata']['KeyId']}")
        assert refresh(service) == 32
        archive = read_archive(io.BytesIO(service.fetch(service.today).data))
        assert archive.is_signed_by(service.settings.retrieval.ecdsa_key.public_key())
        assert refresh(service) == 0  # the name of the signer has not changed


def test_a_key_becomes_public_with_its_hour_though_no_row_changes(aged: Service) -> None:
    store_key(aged, 1, hour_of_submission=aged.today * 24 + 13)
    refresh(aged)
    assert archive_in(aged.fetch(aged.today)).numbers == []
    aged.clock.now = midnight(aged.clock.now) + timedelta(hours=13, seconds=1)
    refresh(aged)
    assert archive_in(aged.fetch(aged.today)).numbers == [1]

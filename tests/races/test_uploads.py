"""Races of uploads: with each other, with the purge and with the archive builder."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.retrieval.builder import refresh_all
from app.store import mixing_lock
from app.upkeep.mixing import mix_stored_rows
from app.upkeep.retention import purge
from tests.races.arena import AT_ONCE, QUOTA, Arena, data_of, keys_in, new_keys
from tests.support.service import Phone, Service
from tests.support.torture import times


def test_uploads_of_one_phone_stay_within_its_quota(arena: Arena) -> None:
    for _ in range(times(1, 40)):
        (phone,) = arena.phones(1)
        loads = [new_keys(random.randint(1, 14)) for _ in range(AT_ONCE)]
        before = arena.stored()

        replies = arena.at_once([arena.upload(phone, keys) for keys in loads])

        accepted = [keys for keys, reply in zip(loads, replies, strict=True) if reply.status == 200]
        added = sum(len(keys) for keys in accepted)
        assert 0 < added <= QUOTA
        # Acknowledged uploads are stored completely, and the others not at all.
        assert arena.stored() - before == set().union(*map(data_of, accepted))
        assert arena.remaining(phone) == QUOTA - added
        assert {reply.status for reply in replies} == {200, 400}
        arena.uploaded += added
        arena.check_counters()


def test_an_upload_repeated_many_times_is_charged_once(arena: Arena) -> None:
    for _ in range(times(1, 20)):
        phones, keys = arena.phones(4), new_keys(14)
        orders = [keys, keys[::-1], random.sample(keys, 14)]

        replies = arena.at_once([arena.upload(phones[n % 4], orders[n % 3]) for n in range(AT_ONCE)])

        assert {reply.status for reply in replies} == {200}
        assert data_of(keys) <= arena.stored()
        assert sum(arena.remaining(phone) for phone in phones) == 4 * QUOTA - 14
        arena.uploaded += 14
        arena.check_counters()


@contextmanager
def purging(arena: Arena, strict: Service) -> Iterator[Counter[str]]:
    """Purge repeatedly in three threads during the block; yield the counts of deleted rows, complete after it."""
    stop, deleted = threading.Event(), Counter[str]()

    def purge_until_stopped() -> Counter[str]:
        rows: Counter[str] = Counter()
        while not stop.is_set():
            rows.update(_purge(arena, strict))
        rows.update(_purge(arena, strict))
        return rows

    with ThreadPoolExecutor(3) as pool:
        purges = [pool.submit(purge_until_stopped) for _ in range(3)]
        try:
            yield deleted
        finally:
            stop.set()  # also if the block fails, or the threads would never end
        for each in purges:
            deleted.update(each.result())


def _purge(arena: Arena, strict: Service) -> dict[str, int]:
    deleted = purge(arena.service.database, strict.settings.submission, datetime.now(UTC), batch=3)
    assert None not in deleted.values()
    return {step: rows or 0 for step, rows in deleted.items()}


def test_a_purge_deletes_a_key_pair_before_or_after_an_upload_and_counts_it_once(
    arena: Arena, make_service: Callable[..., Service]
) -> None:
    strict = make_service(
        ENCRYPTION_KEY_VALIDITY_DAYS="1"
    )  # its purge deletes pairs that the web process still accepts
    for _ in range(times(1, 20)):
        phones = arena.phones(20)
        loads = [new_keys(3) for _ in range(AT_ONCE)]
        requests = [arena.upload(phones[n % 20], keys) for n, keys in enumerate(loads)]
        before = arena.stored()
        with purging(arena, strict) as deleted:
            arena.service.execute("UPDATE encryption_keys SET created = now() - interval '2 days'")
            replies = arena.at_once(requests)

        accepted = [keys for keys, reply in zip(loads, replies, strict=True) if reply.status == 200]
        assert {reply.status for reply in replies} <= {200, 401}
        assert arena.stored() - before == set().union(*map(data_of, accepted))
        assert arena.service.rows("SELECT FROM encryption_keys") == []
        assert deleted["expired_pairs"] == 20
        used = {n % 20 for n, reply in enumerate(replies) if reply.status == 200}
        arena.answered.update(OTKExpired=20, OTKExpiredNoUploads=20 - len(used))
        arena.uploaded += 3 * len(accepted)
        arena.check_counters()


def test_a_code_is_purged_or_claimed_but_not_both(arena: Arena, make_service: Callable[..., Service]) -> None:
    strict = make_service(ONE_TIME_CODE_EXPIRY_MINUTES="1")
    for _ in range(times(1, 20)):
        codes, phones = arena.codes(AT_ONCE), [Phone() for _ in range(AT_ONCE)]
        requests = [arena.claim(code, phone) for code, phone in zip(codes, phones, strict=True)]
        arena.service.execute("UPDATE encryption_keys SET created = now() - interval '2 minutes'")
        with purging(arena, strict) as deleted:
            replies = arena.at_once(requests)

        winners = {phone.public_key for phone, reply in zip(phones, replies, strict=True) if reply.status == 200}
        rows = arena.service.rows("SELECT app_public_key FROM encryption_keys WHERE app_public_key IS NOT NULL")
        assert winners == {bytes(row[0]) for row in rows}
        assert deleted["unclaimed_codes"] == AT_ONCE - len(winners)
        arena.answered.update(OTKClaimed=len(winners), OTKUnclaimed=AT_ONCE - len(winners))
        arena.check_counters()
        arena.service.execute("DELETE FROM encryption_keys")


def test_archives_built_during_uploads_are_valid_and_finally_complete(arena: Arena) -> None:
    builder, sent = arena.service.app.context.retrieval.builder, Counter[str]()
    for _ in range(times(1, 20)):
        phones = arena.phones(AT_ONCE // 2)
        loads = [new_keys(5) for _ in phones]
        uploads = [arena.upload(phone, keys) for phone, keys in zip(phones, loads, strict=True)]
        before, fetch = arena.stored(), arena.fetch_today()
        with ThreadPoolExecutor(2) as pool:
            builds = [pool.submit(refresh_all, builder, datetime.now(UTC), timedelta(0)) for _ in range(2)]
            replies = arena.at_once([request for upload in uploads for request in (upload, fetch)])
            for build in builds:
                build.result()

        sent.update(reply.status for reply in replies)
        everything = arena.stored()
        assert everything - before == set().union(*map(data_of, loads))
        for reply in replies[1::2]:
            assert keys_in(reply) <= everything
        time.sleep(1.1)  # archives that were built before have expired
        (last,) = arena.at_once([fetch])
        assert keys_in(last) == everything
        arena.uploaded += 5 * len(loads)
        arena.check_counters()
    assert set(sent) == {200}


def test_mixing_during_uploads_loses_nothing_and_charges_once(arena: Arena) -> None:
    """Each upload is sent twice, by two phones, while the keys that are stored already are rewritten."""
    for _ in range(times(2, 20)):
        phones, loads = arena.phones(AT_ONCE), [new_keys(5) for _ in range(AT_ONCE // 2)]
        before, stop = arena.stored(), threading.Event()

        def mix_until_told(stop: threading.Event = stop) -> None:
            while not stop.is_set():
                with arena.service.database.transaction() as connection:
                    mixing_lock.acquire(connection)  # as nothing else but mixing changes stored keys
                    connection.execute(text("UPDATE diagnosis_keys SET mixed = false WHERE key_data < '\\x80'"))
                mix_stored_rows(arena.service.database)

        with ThreadPoolExecutor(2) as pool:
            mixing = [pool.submit(mix_until_told) for _ in range(2)]
            try:
                replies = arena.at_once([arena.upload(phone, loads[n // 2]) for n, phone in enumerate(phones)])
            finally:
                stop.set()
            for each in mixing:
                each.result()

        assert {reply.status for reply in replies} == {200}
        assert arena.stored() - before == set().union(*map(data_of, loads))
        charged = [QUOTA - arena.remaining(phone) for phone in phones]
        assert [charged[n] + charged[n + 1] for n in range(0, AT_ONCE, 2)] == [5] * len(loads)
        arena.uploaded += 5 * len(loads)
        arena.check_counters()

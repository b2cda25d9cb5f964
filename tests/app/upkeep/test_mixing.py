"""Mixing (app/upkeep/mixing.py): after it, the database does not show which keys came from one person."""

import random
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from app.store import diagnosis_keys, mixing_lock
from app.upkeep.mixing import Mixed, mix_stored_rows
from app.upkeep.rollup import roll_up_counters
from tests.support.archive import archive_in
from tests.support.curious import (
    ascending_runs,
    dumped,
    joined_by_transaction,
    keys_in_physical_order,
    keys_in_transaction_order,
    neighbours_of_one_person,
)
from tests.support.service import Service, exposure_key
from tests.support.settings import OTHER_TOKEN, TOKEN
from tests.support.waiting import wait_until

PEOPLE = 20
KEYS = 14
# Of 280 keys in random order, 5 % are followed by one of the same person; 15 % is seven standard deviations more.
CHANCE = 0.15
COUNTERS = ("events", "otk_life_duration", "tek_upload_count")


@dataclass(frozen=True)
class Uploaded:
    """A service to which people have uploaded, and the number of the person of each key."""

    service: Service
    person_of: dict[bytes, int]


@pytest.fixture
def uploaded(service: Service) -> Uploaded:
    """Twenty people, one of them alone under her authority's label, upload two weeks of keys each within an hour.

    The tables are new: where rows of other tests were vacuumed, PostgreSQL would fill the gaps first, in any order.
    """
    service.execute(f"TRUNCATE diagnosis_keys, {', '.join(COUNTERS)}")
    person_of: dict[bytes, int] = {}
    for person in range(PEOPLE):
        phone = service.pair(OTHER_TOKEN if person == 7 else TOKEN)
        numbers = [secrets.randbits(128) for _ in range(KEYS)]
        keys = [
            exposure_key(number, rolling_start_interval_number=(service.today - 1 - day) * 144)
            for day, number in enumerate(numbers)
        ]
        assert service.upload(phone, random.sample(keys, KEYS)).status_code == 200
        person_of |= {key.key_data: person for key in keys}
    return Uploaded(service, person_of)


def mix(service: Service) -> Mixed:
    roll_up_counters(service.database)
    return mix_stored_rows(service.database)


def test_before_they_are_mixed_rows_show_whose_they_are(uploaded: Uploaded) -> None:
    """The window that remains: what the tests below look for can be found."""
    service, person_of = uploaded.service, uploaded.person_of
    assert joined_by_transaction(service, "diagnosis_keys", "encryption_keys") == PEOPLE * KEYS
    assert joined_by_transaction(service, "diagnosis_keys", "tek_upload_count") == PEOPLE * KEYS
    for keys in (keys_in_physical_order(service), keys_in_transaction_order(service)):
        assert neighbours_of_one_person(keys, person_of) > 0.9
    runs = ascending_runs([bytes.fromhex(row["key_data"][3:]) for row in dumped(service)["diagnosis_keys"]])
    assert len(runs) >= PEOPLE / 2


def test_no_transaction_wrote_a_key_and_anything_else(uploaded: Uploaded) -> None:
    service = uploaded.service
    assert mix(service) == Mixed(PEOPLE * KEYS, PEOPLE)
    for table in ("encryption_keys", *COUNTERS):
        assert joined_by_transaction(service, "diagnosis_keys", table) == 0, table
    for table in COUNTERS:
        assert joined_by_transaction(service, "encryption_keys", table) == 0
    for table in ("diagnosis_keys", "encryption_keys", *COUNTERS):
        transactions = service.rows(f"SELECT DISTINCT xmin::text, cmin::text, xmax::text FROM {table}")  # noqa: S608
        assert len(transactions) == 1, table


def test_the_order_of_keys_does_no_better_than_chance(uploaded: Uploaded) -> None:
    service, person_of = uploaded.service, uploaded.person_of
    mix(service)
    for keys in (keys_in_physical_order(service), keys_in_transaction_order(service)):
        assert len(keys) == PEOPLE * KEYS
        assert neighbours_of_one_person(keys, person_of) < CHANCE


def test_a_dump_shows_no_person(uploaded: Uploaded) -> None:
    service, person_of = uploaded.service, uploaded.person_of
    mix(service)
    dump = dumped(service)
    keys = [bytes.fromhex(row["key_data"][3:]) for row in dump["diagnosis_keys"]]
    assert neighbours_of_one_person(keys, person_of) < CHANCE
    assert ascending_runs(keys) == [sorted(person_of)]
    assert {row["originator"] for row in dump["diagnosis_keys"]} == {r"\N"}
    # Counters are in the order of what they count, not of what was counted.
    for table in COUNTERS:
        counted = [tuple(row[name] for name in row if name not in ("id", "uploads")) for row in dump[table]]
        assert counted == sorted(counted), table
        assert [int(row["id"]) for row in dump[table]] == sorted(int(row["id"]) for row in dump[table])


def test_keys_that_come_later_join_those_of_their_hour(uploaded: Uploaded) -> None:
    service, person_of = uploaded.service, uploaded.person_of
    mix(service)
    late = [secrets.randbits(128) for _ in range(KEYS)]
    assert service.upload(service.pair(), [exposure_key(number) for number in late]).status_code == 200
    person_of |= {number.to_bytes(16, "big"): PEOPLE for number in late}
    assert joined_by_transaction(service, "diagnosis_keys", "encryption_keys") == KEYS

    mix(service)
    assert joined_by_transaction(service, "diagnosis_keys", "encryption_keys") == 0
    assert len(service.rows("SELECT DISTINCT xmin::text FROM diagnosis_keys")) == 1
    assert neighbours_of_one_person(keys_in_physical_order(service), person_of) < CHANCE


def test_a_second_process_mixes_after_the_first(uploaded: Uploaded) -> None:
    """Otherwise it would mix only the keys that the first did not see: those of one person."""
    service = uploaded.service
    (hour,) = service.rows("SELECT DISTINCT hour_of_submission FROM diagnosis_keys")[0]
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        with service.database.transaction() as first:
            mixing_lock.acquire(first)
            diagnosis_keys.mix(first, hour)
            assert service.upload(service.pair(), [exposure_key(1)]).status_code == 200
            second = pool.submit(mix, service)
            wait_until(lambda: service.rows(waiting), "the second process waits")
        assert second.result().diagnosis_keys == PEOPLE * KEYS + 1
    assert len(service.rows("SELECT DISTINCT xmin::text FROM diagnosis_keys")) == 1


def test_a_single_upload_leaves_no_trace_in_a_counter(service: Service) -> None:
    """A row that counts one request is rewritten like any other, and so is a key pair that is alone."""
    for number in range(2):
        assert service.upload(service.pair(), [exposure_key(number)]).status_code == 200
        mix(service)
        for table in COUNTERS:
            assert joined_by_transaction(service, "encryption_keys", table) == 0
            assert len(service.rows(f"SELECT DISTINCT xmin::text FROM {table}")) == 1  # noqa: S608
    assert len(service.rows("SELECT DISTINCT xmin::text FROM encryption_keys")) == 1


def test_nothing_but_the_place_of_a_row_changes(uploaded: Uploaded) -> None:
    service = uploaded.service
    columns = "rolling_start_interval_number, rolling_period, transmission_risk_level, hour_of_submission, region"
    stored = {
        "keys": f"SELECT key_data, {columns}, report_type FROM diagnosis_keys ORDER BY key_data",  # noqa: S608
        "pairs": "SELECT * FROM encryption_keys ORDER BY server_public_key",
        "uploads": "SELECT originator, count, sum(uploads) FROM tek_upload_count GROUP BY 1, 2 ORDER BY 1",
    }
    before = {name: service.rows(sql) for name, sql in stored.items()}
    archive = archive_in(service.fetch(service.today)).export_bin
    mix(service)
    assert {name: service.rows(sql) for name, sql in stored.items()} == before
    assert archive_in(service.fetch(service.today)).export_bin == archive


def test_a_run_with_nothing_new_rewrites_no_key(uploaded: Uploaded) -> None:
    mix(uploaded.service)
    assert mix(uploaded.service) == Mixed(0, 0)


def test_rows_of_an_earlier_version_lose_their_originator(service: Service) -> None:
    service.upload(service.pair(), [exposure_key(1)])
    service.execute("UPDATE diagnosis_keys SET originator = 'a label'")
    mix(service)
    assert service.rows("SELECT originator, mixed FROM diagnosis_keys") == [(None, True)]


def test_each_hour_of_publication_is_mixed_by_itself(make_service: Callable[..., Service]) -> None:
    """A key of today is held back: the hour of its publication is public, and no other group is."""
    service = make_service(EXPORT_MAX_AGE_SECONDS="0")
    for number in range(3):
        starts = [(service.today - day) * 144 for day in (0, 1)]
        keys = [exposure_key(start + number, rolling_start_interval_number=start) for start in starts]
        assert service.upload(service.pair(), keys).status_code == 200
    mix(service)
    groups = "SELECT count(DISTINCT xmin::text), count(*) FROM diagnosis_keys GROUP BY hour_of_submission"
    assert service.rows(groups) == [(1, 3), (1, 3)]


def test_autovacuum_removes_the_old_versions_of_rows_whatever_the_size_of_the_table(service: Service) -> None:
    """By default it would wait until a fifth of the table has been rewritten."""
    options = {"autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=50"}
    for table in ("diagnosis_keys", "encryption_keys", *COUNTERS):
        ((stored,),) = service.rows("SELECT reloptions FROM pg_class WHERE relname = :table", table=table)
        assert options <= set(stored), table

"""Archives follow every change of the stored rows, by any program (app/store/key_changes.py)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.upkeep.rollup import roll_up_counters
from tests.support.archive import archive_in
from tests.support.refresh import refresh
from tests.support.service import Service
from tests.support.stored import store_key


def on_a_past_day(service: Service) -> int:
    """Publish two keys on a past day, build every archive at noon, and return the day."""
    day = service.today - 3
    for number in (1, 2):
        store_key(service, number, hour_of_submission=day * 24 + 5, rolling_start_interval_number=(day - 1) * 144)
    refresh(service)
    assert archive_in(service.fetch(day)).numbers == archive_in(service.fetch(0)).numbers == [1, 2]
    return day


CHANGES = {
    "a key is replaced": (
        "DELETE FROM diagnosis_keys WHERE key_data = :first; INSERT INTO diagnosis_keys (key_data, "
        "rolling_start_interval_number, rolling_period, transmission_risk_level, hour_of_submission, region) "
        "VALUES (:third, :start, 144, 1, :hour, '302')",
        [2, 3],
    ),
    "a key is deleted": ("DELETE FROM diagnosis_keys WHERE key_data = :first", [2]),
    "a key is moved to another day": (
        "UPDATE diagnosis_keys SET hour_of_submission = hour_of_submission - 480 WHERE key_data = :first",
        [2],
    ),
    "all keys are deleted": ("TRUNCATE diagnosis_keys", []),
    "a key is restored": (
        "CREATE TEMP TABLE saved ON COMMIT DROP AS SELECT * FROM diagnosis_keys; TRUNCATE diagnosis_keys; "
        "INSERT INTO diagnosis_keys SELECT * FROM saved WHERE key_data = :first",
        [1],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_past_day_follows_what_somebody_else_does_to_its_keys(aged: Service, change: str) -> None:
    """An import, a restore, or an operator with psql; at noon, when no request changes a past day any more."""
    day, (sql, numbers) = on_a_past_day(aged), CHANGES[change]
    values = {"first": (1).to_bytes(16, "big"), "third": (3).to_bytes(16, "big")}
    values |= {"start": (day - 1) * 144, "hour": day * 24 + 5}
    for statement in [sql] if "TEMP" in sql else sql.split("; "):
        aged.execute(statement, **{name: value for name, value in values.items() if f":{name}" in statement})
    aged.clock.advance(seconds=61)
    refresh(aged)
    assert archive_in(aged.fetch(day)).numbers == archive_in(aged.fetch(0)).numbers == numbers


def test_a_past_day_follows_a_change_of_a_keys_level(aged: Service) -> None:
    day = on_a_past_day(aged)
    aged.execute("UPDATE diagnosis_keys SET transmission_risk_level = 7")
    aged.clock.advance(seconds=61)
    assert [key.transmission_risk_level for key in archive_in(aged.fetch(day)).export.keys] == [7, 7]


def test_a_change_that_is_committed_during_a_build_is_seen_by_the_next(aged: Service) -> None:
    """The ledger's row is as invisible as the change until both are committed."""
    day = on_a_past_day(aged)
    with aged.database.transaction() as connection:
        connection.execute(text("UPDATE diagnosis_keys SET transmission_risk_level = 7"))
        aged.clock.advance(seconds=61)
        assert refresh(aged) == 0
    aged.clock.advance(seconds=61)
    assert refresh(aged) == 2
    assert [key.transmission_risk_level for key in archive_in(aged.fetch(day)).export.keys] == [7, 7]


def test_rolling_up_the_ledger_of_changes_builds_nothing(aged: Service) -> None:
    day = on_a_past_day(aged)
    ledger = f"SELECT sum(changes), count(*) FROM diagnosis_key_changes WHERE day = {day}"  # noqa: S608
    assert aged.rows(ledger) == [(2, 2)]
    roll_up_counters(aged.database)
    aged.clock.advance(seconds=61)
    assert refresh(aged) == 0
    assert aged.rows(ledger) == [(2, 1)]


def test_an_outbreak_that_somebody_replaces_is_seen(aged: Service) -> None:
    add = "INSERT INTO qr_outbreak_events (location_id, start_time, end_time, created) VALUES (:place, :at, :at, :at)"
    moment = aged.clock.now - timedelta(days=3)
    aged.execute(add, place="ABCDEFGH", at=moment)
    refresh(aged)
    aged.execute("DELETE FROM qr_outbreak_events")
    aged.execute(add, place="HGFEDCBA", at=moment)
    aged.clock.advance(seconds=61)
    assert refresh(aged) == 2

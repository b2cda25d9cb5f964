"""Statements that delete a limited number of rows never delete more, whatever plan PostgreSQL chooses."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, TextClause, text

from app.store import claim_attempts, counters, diagnosis_keys, key_changes, key_pairs, outbreak_events
from app.store.key_pairs import PurgeRun
from tests.support.service import Service

ROWS = 50
BATCH = 10
# Plans in which a subquery would be executed again for each row of the table.
PLANS = "; ".join(
    f"SET LOCAL enable_{method} = off"
    for method in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "indexscan", "bitmapscan", "indexonlyscan")
)
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
RUN = PurgeRun(FUTURE, BATCH, 28)
NUMBERED = f"FROM generate_series(1, {ROWS}) AS number"
KEY = "decode(lpad(to_hex(number), {digits}, '0'), 'hex')"
PAIRS = f"""
    INSERT INTO encryption_keys (server_public_key, server_private_key, remaining_keys, created, region)
    SELECT {KEY.format(digits=64)}, '', 0, '2026-03-01', '302' {NUMBERED}
"""

# By name: rows to insert, and the statement that deletes a batch of them.
STATEMENTS: dict[str, tuple[str, Callable[[Connection], object]]] = {
    "diagnosis keys": (
        f"""
        INSERT INTO diagnosis_keys (key_data, rolling_start_interval_number, rolling_period, transmission_risk_level,
                                    hour_of_submission, region)
        SELECT {KEY.format(digits=32)}, 1, 144, 1, 1, '302' {NUMBERED}
        """,
        lambda connection: diagnosis_keys.purge(connection, 2, BATCH),
    ),
    "changes of keys": (
        f"INSERT INTO diagnosis_key_changes (day, changes) SELECT 1, 1 {NUMBERED}",
        lambda connection: key_changes.purge(connection, 2, BATCH),
    ),
    "unclaimed codes": (PAIRS, lambda connection: key_pairs.purge_unclaimed(connection, RUN, FUTURE)),
    "expired pairs": (PAIRS, lambda connection: key_pairs.purge_expired(connection, RUN, FUTURE)),
    "exhausted pairs": (PAIRS, lambda connection: key_pairs.purge_exhausted(connection, RUN)),
    "claim attempts": (
        f"INSERT INTO failed_key_claim_attempts SELECT number, 1, '2026-03-01' {NUMBERED}",
        lambda connection: claim_attempts.purge(connection, FUTURE, BATCH),
    ),
    "claim hours": (
        f"INSERT INTO failed_key_claim_hours SELECT number, 1, 1 {NUMBERED}",
        lambda connection: claim_attempts.purge_hours(connection, 2, BATCH),
    ),
    "claim minutes": (
        f"INSERT INTO failed_key_claim_minutes SELECT 1, number, 1 {NUMBERED}",
        lambda connection: claim_attempts.purge_minutes(connection, 2, BATCH),
    ),
    "outbreak events": (
        f"""
        INSERT INTO qr_outbreak_events (location_id, start_time, end_time, created)
        SELECT number, '2026-03-01', '2026-03-01', '2026-03-01' {NUMBERED}
        """,
        lambda connection: outbreak_events.purge(connection, FUTURE, BATCH),
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_purge_deletes_one_batch(service: Service, name: str) -> None:
    insert, purge = STATEMENTS[name]
    with service.database.transaction() as connection:
        connection.execute(text(insert))
        connection.execute(text(PLANS))
        assert purge(connection) == BATCH
        connection.rollback()


@pytest.mark.parametrize("statement", counters.ROLL_UPS[:1])
def test_counters_are_rolled_up_in_batches(service: Service, statement: TextClause) -> None:
    with service.database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO events (source, identifier, device_type, date, count) "
                f"SELECT 'source', number, 'Server', '2026-03-01', 1 {NUMBERED}"
            )
        )
        connection.execute(text(PLANS))
        assert counters.roll_up(connection, statement, BATCH)
        left = connection.execute(text("SELECT count(*) FROM events WHERE NOT rolled_up")).scalar_one()
        assert left == ROWS - BATCH
        connection.rollback()

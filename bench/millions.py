"""Millions of rows for `bench.plans`: keys of every day of retention, with their key pairs and counters."""

from contextlib import closing
from typing import Final

from app.domain.limits import SERVED_DAYS
from app.domain.timeline import INTERVALS_PER_DAY
from bench import stock
from bench.target import today

DAYS: Final = 15
KEYS_PER_PAIR: Final = 14
RISK_LEVELS: Final = range(1, 9)

_WITHOUT_INDEXES: Final = (
    "ALTER TABLE diagnosis_keys DROP CONSTRAINT pk_diagnosis_keys",
    "DROP INDEX ix_diagnosis_keys_hour_of_submission",
)
_WITH_INDEXES: Final = (
    "SET maintenance_work_mem = '512MB'",
    "ALTER TABLE diagnosis_keys ADD CONSTRAINT pk_diagnosis_keys PRIMARY KEY (key_data)",
    "CREATE INDEX ix_diagnosis_keys_hour_of_submission ON diagnosis_keys (hour_of_submission)",
)
# One key pair in ten is unclaimed, one in a thousand exhausted. Counters of two years; the last are not rolled up.
_OTHER_TABLES: Final = (
    """INSERT INTO encryption_keys (
           server_public_key, server_private_key, app_public_key, one_time_code, hash_id, remaining_keys, created,
           region, originator
       )
       SELECT sha256(('server' || n)::bytea), sha256(('private' || n)::bytea),
              CASE WHEN n %% 10 > 0 THEN sha256(('phone' || n)::bytea) END,
              CASE WHEN n %% 10 = 0 THEN lpad(n::text, 10, '0') END, lpad(n::text, 128, '0'),
              CASE WHEN n %% 1000 = 1 THEN 0 ELSE 29 END,
              now() - CASE WHEN n %% 10 = 0 THEN 0 ELSE n %% 14 END * interval '1 day', '302', 'bench'
       FROM generate_series(1, %(pairs)s) AS n""",
    """INSERT INTO failed_key_claim_attempts (identifier, failures, last_failure)
       SELECT md5(n::text), 1 + n %% 50, now() - n %% 3600 * interval '1 second'
       FROM generate_series(1, %(pairs)s / 10) AS n""",
    """INSERT INTO failed_key_claim_hours (identifier, hour, failures)
       SELECT md5(n::text), extract(epoch FROM now())::bigint / 3600 - n %% 25, 1 + n %% 50
       FROM generate_series(1, %(pairs)s / 10) AS n""",
    """INSERT INTO failed_key_claim_minutes (minute, connection, failures)
       SELECT extract(epoch FROM now())::bigint / 60 - back, connection, 1
       FROM generate_series(0, 1499) AS back, generate_series(1, 40) AS connection""",
    """INSERT INTO events (source, identifier, device_type, date, count)
       SELECT 'authority ' || source, 'event ' || identifier, 'Server', current_date - back, 100
       FROM generate_series(1, 13) AS source, generate_series(1, 7) AS identifier, generate_series(0, 730) AS back
       UNION ALL
       SELECT 'authority 1', 'event 1', 'Server', current_date, 1 FROM generate_series(1, 1000)""",
    """INSERT INTO otk_life_duration (originator, hours, date, count)
       SELECT 'authority ' || source, hours, current_date - back, 100
       FROM generate_series(1, 13) AS source, generate_series(1, 24) AS hours, generate_series(0, 730) AS back
       UNION ALL
       SELECT 'authority 1', 1, current_date, 1 FROM generate_series(1, 1000)""",
    """INSERT INTO tek_upload_count (originator, date, count, first_upload)
       SELECT 'authority ' || n %% 13, current_date - n %% 730, 14, true FROM generate_series(1, %(pairs)s) AS n""",
    """INSERT INTO qr_outbreak_events (location_id, originator, start_time, end_time, severity, created)
       SELECT lpad(n::text, 8, '0'), 'bench', now(), now(), 1, now() - n %% 15 * interval '1 day'
       FROM generate_series(1, 10000) AS n""",
)


def start_intervals() -> list[int]:
    """Return the rolling starts of the keys that `stock.add_keys` stores."""
    oldest = (today() - SERVED_DAYS) * INTERVALS_PER_DAY + 1
    return [oldest, *(day * INTERVALS_PER_DAY for day in range(today() - SERVED_DAYS + 1, today()))]


def fill(database_url: str, keys: int) -> None:
    """Store keys with their key pairs and counters. Indexes are created at the end, which is faster."""
    with closing(stock.connect(database_url)) as connection, connection.cursor() as cursor:
        for statement in _WITHOUT_INDEXES:
            cursor.execute(statement)
    for back in range(DAYS, 0, -1):
        stock.add_keys(database_url, today() - back, keys // DAYS, today())
    with closing(stock.connect(database_url)) as connection, connection.cursor() as cursor:
        for statement in _WITH_INDEXES:
            cursor.execute(statement)
        for statement in _OTHER_TABLES:
            cursor.execute(statement, {"pairs": max(10_000, keys // KEYS_PER_PAIR)})
    stock.settle(database_url)

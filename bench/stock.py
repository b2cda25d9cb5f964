"""Rows put straight into our own database, because the API takes no key for a past day and is slow for millions."""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Final

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from app.crypto.sealing import SealingRing
from app.domain.timeline import HOURS_PER_DAY
from clients.phone.state import KeyPair

LABEL: Final = "bench"
_QUOTA: Final = 43
_TABLES: Final = "diagnosis_keys, encryption_keys, events, otk_life_duration, tek_upload_count"

# The bytes are as good as random to a compressor, and the same in each run. Intervals are those of phones that changed
# their key each midnight; none starts before the first that is still served (protocol rule 80).
_KEYS: Final = """
    INSERT INTO diagnosis_keys (
        key_data, rolling_start_interval_number, rolling_period, transmission_risk_level, hour_of_submission, region,
        originator
    )
    SELECT decode(md5(%(day)s || '-' || n), 'hex'),
           greatest((%(day)s - 1 - n %% %(days)s) * 144, (%(today)s - 14) * 144 + 1),
           144, 1 + n %% 8, %(day)s * 24 + n %% 24, '302', %(label)s
    FROM generate_series(1, %(count)s) AS n
"""
_CODES: Final = """
    INSERT INTO encryption_keys (
        server_public_key, server_private_key, one_time_code, remaining_keys, created, region, originator
    ) VALUES %s
"""
_PAIRS: Final = """
    INSERT INTO encryption_keys (
        server_public_key, server_private_key, app_public_key, remaining_keys, created, region, originator
    ) VALUES %s
"""
_CODE_BYTES: Final = 5  # ten hexadecimal digits are as long as a code
_KEY_BYTES: Final = 32
_DAYS_OF_A_PATIENT: Final = 13


def connect(database_url: str) -> Connection:
    """Return a connection on which each statement is a transaction of its own, and plans are kept as by the service."""
    connection = psycopg2.connect(database_url, options="-c plan_cache_mode=force_generic_plan")
    connection.autocommit = True
    return connection


def add_keys(database_url: str, day: int, count: int, today: int) -> None:
    """Publish keys on a past day."""
    values = {"day": day, "count": count, "today": today, "days": _DAYS_OF_A_PATIENT, "label": LABEL}
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_KEYS, values)


def clear(database_url: str, today: int) -> None:
    """Forget what earlier measurements stored: each begins like every other, with an archive of today that is empty."""
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM diagnosis_keys WHERE hour_of_submission >= %s", (today * HOURS_PER_DAY,))
        cursor.execute("TRUNCATE encryption_keys, events, tek_upload_count, otk_life_duration")


def settle(database_url: str) -> None:
    """Let PostgreSQL know its tables, as its own housekeeping does in time, and leave it no page to write."""
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {_TABLES}")
        cursor.execute("CHECKPOINT")


def add_codes(database_url: str, count: int) -> list[str]:
    """Store codes that can be claimed now, and return them. The sealed keys are not real: claiming opens none."""
    codes = [secrets.token_hex(_CODE_BYTES).upper() for _ in range(count)]
    rows = ((secrets.token_bytes(_KEY_BYTES), b"sealed", code) for code in codes)
    _insert(database_url, _CODES, f"(%s, %s, %s, {_QUOTA}, now(), '302', '{LABEL}')", rows)
    return codes


def add_pairs(
    database_url: str, sealing_key: bytes, pairs: Sequence[KeyPair], server_private_keys: Sequence[bytes]
) -> None:
    """Store key pairs that may upload now, as a claim of today would have left them."""
    ring = SealingRing((sealing_key,))
    rows = (
        (pair.server_public_key, ring.seal(private_key, pair.server_public_key), pair.public_key)
        for pair, private_key in zip(pairs, server_private_keys, strict=True)
    )
    template = f"(%s, %s, %s, {_QUOTA}, date_trunc('day', now(), 'UTC'), '302', '{LABEL}')"
    _insert(database_url, _PAIRS, template, rows)


def _insert(database_url: str, statement: str, template: str, rows: Iterable[tuple[object, ...]]) -> None:
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        execute_values(cursor, statement, rows, template, page_size=1000)

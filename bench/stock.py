"""Rows inserted into our own database: the API accepts no keys for past days and is too slow for millions."""

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

# Key data is incompressible and the same in each run. Intervals are those of phones that change their key at midnight;
# none is too old to be served (protocol rule 80).
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
    """Return an autocommit connection with generic plans, as the service has."""
    connection = psycopg2.connect(database_url, options="-c plan_cache_mode=force_generic_plan")
    connection.autocommit = True
    return connection


def add_keys(database_url: str, day: int, count: int, today: int) -> None:
    """Store `count` keys that were published on a past day."""
    values = {"day": day, "count": count, "today": today, "days": _DAYS_OF_A_PATIENT, "label": LABEL}
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_KEYS, values)


def clear(database_url: str, today: int) -> None:
    """Delete what earlier measurements stored, so that each begins with an empty archive of today."""
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM diagnosis_keys WHERE hour_of_submission >= %s", (today * HOURS_PER_DAY,))
        cursor.execute("TRUNCATE encryption_keys, events, tek_upload_count, otk_life_duration")


def settle(database_url: str) -> None:
    """Run VACUUM ANALYZE and CHECKPOINT, so that neither happens during a measurement."""
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {_TABLES}")
        cursor.execute("CHECKPOINT")


def add_codes(database_url: str, count: int) -> list[str]:
    """Store claimable codes; return them. The sealed keys are not real, because claims do not open them."""
    codes = [secrets.token_hex(_CODE_BYTES).upper() for _ in range(count)]
    rows = ((secrets.token_bytes(_KEY_BYTES), b"sealed", code) for code in codes)
    _insert(database_url, _CODES, f"(%s, %s, %s, {_QUOTA}, now(), '302', '{LABEL}')", rows)
    return codes


def add_pairs(
    database_url: str, sealing_key: bytes, pairs: Sequence[KeyPair], server_private_keys: Sequence[bytes]
) -> None:
    """Store key pairs as if they had been claimed today."""
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

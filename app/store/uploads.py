"""Storing an upload: one round trip that locks the key pair, stores the keys, charges the quota, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.uploads import ExposureKey
from app.database.prepared import Direct
from app.database.statement import Statement

QUOTA_CONSTRAINT = "ck_encryption_keys_remaining_keys_not_negative"


@dataclass(frozen=True)
class KeyPair:
    """The stored half of a pair: the sealed private key, and the phone's key that it was claimed for."""

    sealed_private_key: bytes
    app_public_key: bytes | None


@dataclass(frozen=True)
class KeysToStore:
    """An opened and judged upload. `publication_hours` stands beside `keys`, an hour number for each."""

    server_public_key: bytes
    app_public_key: bytes
    keys: Sequence[ExposureKey]
    publication_hours: Sequence[int]
    now: datetime
    oldest_pair: datetime  # a pair must be strictly newer
    initial_remaining_keys: int
    noise: int = 0  # of a decoy: how many digests take as long as what an upload does beside


@dataclass(frozen=True)
class Stored:
    """What an upload did: how many keys the pair had left before it, and how many of the keys were new."""

    remaining_before: int
    new_keys: int


_FIND_PAIR = Statement("""
    SELECT server_private_key, app_public_key FROM encryption_keys
    WHERE server_public_key = :server_public_key AND created > :oldest_pair
""")

# The second part starts after the row is locked, so it sees the quota that earlier uploads left. Charging more
# than that breaks the constraint QUOTA_CONSTRAINT, and with it the whole upload (rule 68).
_STORE = Statement(
    "SELECT FROM encryption_keys WHERE server_public_key = :server_public_key FOR UPDATE",
    """
    WITH pair AS MATERIALIZED (
        SELECT remaining_keys, region, coalesce(originator, region) AS originator FROM encryption_keys
        WHERE server_public_key = :server_public_key AND app_public_key = :app_public_key AND created > :oldest_pair
    ),
    stored AS (
        INSERT INTO diagnosis_keys (
            key_data, rolling_start_interval_number, rolling_period, transmission_risk_level, hour_of_submission,
            report_type, days_since_onset_of_symptoms, region, originator
        )
        SELECT key.*, pair.region, pair.originator
        FROM pair, unnest(
            :key_data ::bytea[], :starts ::integer[], :periods ::smallint[], :levels ::smallint[], :hours ::integer[],
            :report_types ::smallint[], :onsets ::smallint[]
        ) AS key
        WHERE pair.remaining_keys > 0
        ON CONFLICT (key_data) DO NOTHING  -- the first writer's row stays (rule 67)
        RETURNING 1
    ),
    added AS MATERIALIZED (SELECT count(*)::integer AS keys FROM stored),
    charged AS (
        UPDATE encryption_keys SET remaining_keys = encryption_keys.remaining_keys - added.keys
        FROM added WHERE server_public_key = :server_public_key AND added.keys > 0
    ),
    counted AS (
        INSERT INTO tek_upload_count (originator, date, count, first_upload)
        SELECT pair.originator, :date, added.keys, pair.remaining_keys = :initial_remaining_keys
        FROM pair, added WHERE added.keys > 0  -- an upload of known keys only is none (D24)
    ),
    pretended AS MATERIALIZED (
        -- A decoy stores nothing, but has to wait for the disk as an upload does, and to take as long: it writes as
        -- much to the log alone, and computes what nobody reads.
        SELECT count(pg_logical_emit_message(true, 'decoy', repeat('0', 4000))) AS messages,
               (SELECT count(sha256(number::text::bytea)) FROM generate_series(1, :noise) AS number) AS digests
        WHERE :noise > 0
    )
    SELECT pair.remaining_keys, added.keys FROM pretended LEFT JOIN (pair CROSS JOIN added) ON true
    """,
)


def find_pair(database: Direct, server_public_key: bytes, oldest_pair: datetime) -> KeyPair | None:
    """Return the pair of a server key if it may still be used (rule 51)."""
    values = {"server_public_key": server_public_key, "oldest_pair": oldest_pair}
    rows = database.execute(_FIND_PAIR, values)
    if not rows:
        return None
    ((sealed_private_key, app_public_key),) = rows
    return KeyPair(bytes(sealed_private_key), bytes(app_public_key) if app_public_key is not None else None)


def store(database: Direct, upload: KeysToStore) -> Stored | None:
    """Store the keys that are new; return None if the pair is gone, is not one pair, or has expired (D5).

    It is one transaction. Raises IntegrityError on QUOTA_CONSTRAINT, with nothing stored, when more keys are new
    than the pair has left.
    """
    # In one order everywhere, so that two uploads of the same keys wait for each other instead of deadlocking.
    rows = sorted(zip(upload.keys, upload.publication_hours, strict=True), key=lambda row: row[0].key_data)
    values = {
        "server_public_key": upload.server_public_key,
        "app_public_key": upload.app_public_key,
        "oldest_pair": upload.oldest_pair,
        "initial_remaining_keys": upload.initial_remaining_keys,
        "date": upload.now.date(),
        "noise": upload.noise,
        "key_data": [key.key_data for key, _ in rows],
        "starts": [key.rolling_start_interval_number for key, _ in rows],
        "periods": [key.rolling_period for key, _ in rows],
        "levels": [key.transmission_risk_level for key, _ in rows],
        "hours": [hour for _, hour in rows],
        "report_types": [key.report_type for key, _ in rows],
        "onsets": [key.days_since_onset_of_symptoms for key, _ in rows],
    }
    ((remaining_keys, new_keys),) = database.execute(_STORE, values)
    return Stored(remaining_keys, new_keys) if remaining_keys is not None else None

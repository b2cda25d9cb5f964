"""Storing an upload: one round trip that locks the key pair, stores the keys, charges the quota, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement
from app.domain.uploads import DiagnosisKey
from app.store.diagnosis_keys import insert_sql, insert_values

QUOTA_CONSTRAINT = "ck_encryption_keys_remaining_keys_not_negative"


@dataclass(frozen=True)
class KeyPair:
    """A stored key pair: the sealed private key of the server, and the public key of the phone that claimed it."""

    sealed_private_key: bytes
    app_public_key: bytes | None


@dataclass(frozen=True)
class KeysToStore:
    """A validated upload. `publication_hours` has the hour number in which each of `keys` becomes public."""

    server_public_key: bytes
    app_public_key: bytes
    keys: Sequence[DiagnosisKey]
    publication_hours: Sequence[int]
    now: datetime
    oldest_pair: datetime  # a usable pair is strictly newer
    initial_remaining_keys: int


_FIND_PAIR = Statement("""
    SELECT server_private_key, app_public_key FROM encryption_keys
    WHERE server_public_key = :server_public_key AND created > :oldest_pair
""")
_INSERT_KEYS = insert_sql(region="pair.region", source="pair,", condition="pair.remaining_keys > 0")

# The second part starts after the row has been locked, so it sees the quota that earlier uploads left. Charging more
# than the quota violates QUOTA_CONSTRAINT and rolls back the whole upload (rule 68).
_STORE = Statement(
    "SELECT FROM encryption_keys WHERE server_public_key = :server_public_key FOR UPDATE",
    f"""
    WITH pair AS MATERIALIZED (
        SELECT remaining_keys, region, coalesce(originator, region) AS originator FROM encryption_keys
        WHERE server_public_key = :server_public_key AND app_public_key = :app_public_key AND created > :oldest_pair
    ),
    stored AS ({_INSERT_KEYS}),
    added AS MATERIALIZED (SELECT count(*)::integer AS keys FROM stored),
    charged AS (
        UPDATE encryption_keys SET remaining_keys = encryption_keys.remaining_keys - added.keys
        FROM added WHERE server_public_key = :server_public_key AND added.keys > 0
    ),
    counted AS (
        INSERT INTO tek_upload_count (originator, date, count, first_upload)
        SELECT pair.originator, :date, added.keys, pair.remaining_keys = :initial_remaining_keys
        FROM pair, added WHERE added.keys > 0  -- an upload without new keys is not counted (D24)
    )
    SELECT remaining_keys FROM pair
    """,  # noqa: S608 - all parts are constants
)


def find_pair(executor: PreparedExecutor, server_public_key: bytes, oldest_pair: datetime) -> KeyPair | None:
    """Return the key pair of a server key, or None if it does not exist or has expired (rule 51)."""
    values = {"server_public_key": server_public_key, "oldest_pair": oldest_pair}
    rows = executor.execute(_FIND_PAIR, values)
    if not rows:
        return None
    ((sealed_private_key, app_public_key),) = rows
    return KeyPair(bytes(sealed_private_key), bytes(app_public_key) if app_public_key is not None else None)


def store(executor: PreparedExecutor, upload: KeysToStore) -> int | None:
    """Store the new keys, in one transaction; return the quota before, or None without a usable pair of keys (D5).

    Raises IntegrityError on QUOTA_CONSTRAINT, and stores nothing, if there are more new keys than the pair has left.
    """
    values = insert_values(upload.keys, upload.publication_hours) | {
        "server_public_key": upload.server_public_key,
        "app_public_key": upload.app_public_key,
        "oldest_pair": upload.oldest_pair,
        "initial_remaining_keys": upload.initial_remaining_keys,
        "date": upload.now.date(),
    }
    rows = executor.execute(_STORE, values)
    if not rows:
        return None
    ((remaining_before,),) = rows
    return int(remaining_before)

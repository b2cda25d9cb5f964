"""Codes and key pairs over time: expiry, resealing and mixing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

# Each deletion counts the rows that it deletes in the same statement, so that every row is counted exactly once,
# however many workers run (D14). Rows that are locked by another transaction are left to the next run.
_PURGE = """
    WITH batch AS MATERIALIZED (
        SELECT server_public_key FROM encryption_keys WHERE {condition}
        LIMIT :batch FOR UPDATE SKIP LOCKED
    ),
    expired AS (
        DELETE FROM encryption_keys WHERE server_public_key IN (SELECT server_public_key FROM batch)
        RETURNING coalesce(originator, region) AS originator, remaining_keys
    ),
    totals AS (
        SELECT originator, count(*) AS all_rows,
               count(*) FILTER (WHERE remaining_keys = :initial_remaining_keys) AS unused
        FROM expired GROUP BY originator
    ),
    counted AS (
        INSERT INTO events (source, identifier, device_type, date, count)
        SELECT originator, identifier, 'Server', :date, number
        FROM totals, LATERAL (VALUES {counters}) AS counter (identifier, number) WHERE number > 0
    )
    SELECT coalesce(sum(all_rows), 0)::integer FROM totals
"""

_PURGE_UNCLAIMED = text(
    _PURGE.format(
        condition="app_public_key IS NULL AND created < :before",
        counters="('OTKUnclaimed', all_rows)",
    )
)
_PURGE_EXPIRED = text(
    _PURGE.format(
        condition="created < :before",
        counters="('OTKExpired', all_rows), ('OTKExpiredNoUploads', unused)",
    )
)
_PURGE_EXHAUSTED = text(
    _PURGE.format(
        condition="remaining_keys = 0",
        counters="('OTKExhausted', all_rows)",
    )
)
_COUNT = text("""
    SELECT count(*) FILTER (WHERE app_public_key IS NULL) AS unclaimed_codes,
           count(app_public_key) AS claimed_codes
    FROM encryption_keys
""")
_SEALED_AFTER: Final = """
    SELECT server_public_key, server_private_key, hash_id FROM encryption_keys
    WHERE server_public_key > :after ORDER BY server_public_key LIMIT :batch
"""
_READ_SEALED_AFTER = text(_SEALED_AFTER)
_LOCK_SEALED_AFTER = text(f"{_SEALED_AFTER} FOR UPDATE")
_RESEAL = text("""
    UPDATE encryption_keys SET server_private_key = :sealed_private_key WHERE server_public_key = :server_public_key
""")
_REPLACE_HASH_ID = text("""
    UPDATE encryption_keys SET hash_id = :hash_id WHERE server_public_key = :server_public_key
""")
# An update and not a deletion and an insertion: an upload that waits for the row then goes on with it.
_MIX = text("""
    UPDATE encryption_keys SET region = region WHERE server_public_key IN (
        SELECT server_public_key FROM encryption_keys
        WHERE app_public_key IS NOT NULL
          AND xmin IN (SELECT xmin FROM encryption_keys GROUP BY xmin HAVING count(*) < :group)
        FOR UPDATE SKIP LOCKED
    )
""")

# How many key pairs share a transaction at least, once there are so many.
MIXED_GROUP: Final = 20


@dataclass(frozen=True)
class PurgeRun:
    """The time of a purge, how many rows a statement may delete, and the quota of an unused key pair."""

    now: datetime
    batch: int
    initial_remaining_keys: int

    def values(self, before: datetime) -> dict[str, object]:
        """Return the parameters of one deletion."""
        return {
            "before": before,
            "batch": self.batch,
            "date": self.now.date(),
            "initial_remaining_keys": self.initial_remaining_keys,
        }


def purge_unclaimed(connection: Connection, run: PurgeRun, before: datetime) -> int:
    """Delete unclaimed codes issued before `before`; return how many (rule 100)."""
    return int(connection.execute(_PURGE_UNCLAIMED, run.values(before)).scalar_one())


def purge_expired(connection: Connection, run: PurgeRun, before: datetime) -> int:
    """Delete key pairs whose code was issued before `before`; return how many (rule 101)."""
    return int(connection.execute(_PURGE_EXPIRED, run.values(before)).scalar_one())


def purge_exhausted(connection: Connection, run: PurgeRun) -> int:
    """Delete key pairs with an exhausted quota; return how many (rule 101)."""
    return int(connection.execute(_PURGE_EXHAUSTED, run.values(run.now)).scalar_one())


def count(connection: Connection) -> Mapping[str, int]:
    """Return the number of unclaimed and of claimed codes."""
    return dict(connection.execute(_COUNT).mappings().one())


def sealed_after(
    connection: Connection, after: bytes, batch: int, *, lock: bool = False
) -> list[tuple[bytes, bytes, str | None]]:
    """Return the next rows in the order of their public keys: (public key, sealed private key, hashID)."""
    statement = _LOCK_SEALED_AFTER if lock else _READ_SEALED_AFTER
    rows = connection.execute(statement, {"after": after, "batch": batch})
    return [(bytes(row.server_public_key), bytes(row.server_private_key), row.hash_id) for row in rows]


def reseal(connection: Connection, server_public_key: bytes, sealed_private_key: bytes) -> None:
    """Replace a row's sealed private key."""
    connection.execute(_RESEAL, {"server_public_key": server_public_key, "sealed_private_key": sealed_private_key})


def replace_hash_id(connection: Connection, server_public_key: bytes, hash_id: str) -> None:
    """Replace the stored form of a row's hashID."""
    connection.execute(_REPLACE_HASH_ID, {"server_public_key": server_public_key, "hash_id": hash_id})


def mix(connection: Connection) -> int:
    """Rewrite, in this transaction, each claimed pair that shares its last one with few others; return how many.

    A pair is last written by a claim or an upload, so the order of these transactions is that of patients. A pair in
    use at this moment is left to the next run.
    """
    return connection.execute(_MIX, {"group": MIXED_GROUP}).rowcount

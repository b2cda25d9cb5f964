"""What has become of a code, by its hashID, and the withdrawal of one that has not been claimed.

A hashID belongs to the health authority that chose it (D10), and may be stored in several forms: see StoredHashId.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement
from app.store.codes import KNOWN_HASH_ID, LOCK_HASH_ID, StoredHashId


@dataclass(frozen=True)
class CodeState:
    """The state of a row: the stored form of its hashID, whether its code has been claimed, and when it was issued."""

    stored_hash_id: str
    is_claimed: bool
    created: datetime


_READ = Statement(f"SELECT hash_id, app_public_key IS NOT NULL, created FROM encryption_keys WHERE {KNOWN_HASH_ID}")  # noqa: S608 - a constant

# The row stays until the worker deletes it as an unclaimed code, which counts it.
_WITHDRAW = Statement(
    *LOCK_HASH_ID,
    f"""
    WITH claimed AS MATERIALIZED (SELECT FROM encryption_keys WHERE {KNOWN_HASH_ID} AND app_public_key IS NOT NULL),
    withdrawn AS (
        UPDATE encryption_keys SET one_time_code = NULL, hash_id = NULL
        WHERE {KNOWN_HASH_ID} AND NOT EXISTS (SELECT FROM claimed)
        RETURNING server_public_key
    )
    SELECT EXISTS (SELECT FROM claimed), EXISTS (SELECT FROM withdrawn)
    """,  # noqa: S608 - all parts are constants
)


def read(executor: PreparedExecutor, originator: str, stored_hash_ids: Sequence[str]) -> list[CodeState]:
    """Return the rows of an originator's hashIDs, which are given in all their stored forms."""
    rows = executor.execute(_READ, {"originator": originator, "hash_ids": list(stored_hash_ids)})
    return [CodeState(*row) for row in rows]


def withdraw(executor: PreparedExecutor, originator: str, hash_id: StoredHashId) -> tuple[bool, bool]:
    """Invalidate an unclaimed code; return whether it has been claimed, and whether it was withdrawn now."""
    values = {"originator": originator, "hash_ids": list(hash_id.all_forms), "locks": list(hash_id.locks)}
    ((is_claimed, is_withdrawn),) = executor.execute(_WITHDRAW, values)
    return is_claimed, is_withdrawn

"""Issuing a one-time code: one round trip that stores the code, replaces an older one, and counts the event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement


@dataclass(frozen=True)
class StoredHashId:
    """What a hashID is stored as, all forms in which an earlier row may hold it, and its advisory locks."""

    current: str
    all_forms: Sequence[str]
    locks: Sequence[int]


@dataclass(frozen=True)
class NewCode:
    """The row of a new code: the stored form of the code, the sealed private key, and the hashID if there is one."""

    one_time_code: str
    server_public_key: bytes
    sealed_private_key: bytes
    hash_id: StoredHashId | None
    remaining_keys: int
    created: datetime
    region: str
    originator: str


_INSERT = """
    INSERT INTO encryption_keys (
        server_public_key, server_private_key, one_time_code, hash_id, remaining_keys, created, region, originator
    )
    SELECT :server_public_key, :sealed_private_key, :one_time_code, {hash_id}, :remaining_keys, :created, :region,
           :originator
    WHERE {condition}
    RETURNING server_public_key
"""
_COUNTED = """
    , counted AS (
        INSERT INTO events (source, identifier, device_type, date, count)
        SELECT :originator, CASE WHEN regenerated THEN 'OTKRegenerated' ELSE 'OTKGenerated' END, 'Server', :date, 1
        FROM outcome
    )
"""
_RESULT = "SELECT regenerated FROM outcome"

_NEW = f"""
    WITH issued AS ({_INSERT.format(hash_id="NULL", condition="true")}),
    outcome AS (SELECT false AS regenerated FROM issued)
"""  # noqa: S608 - all parts are constants

# A row's hashID may be hashed with any sealing key, so no constraint recognises it. Requests for the same hashID take
# turns instead: each waits for the locks of the hashID, then for the row, which may be about to be claimed. The last
# part sees what all earlier ones have committed.
KNOWN_HASH_ID: Final = "originator = :originator AND hash_id = ANY (:hash_ids ::text[])"
LOCK_HASH_ID: Final = (
    "SELECT pg_advisory_xact_lock(lock) FROM unnest(:locks ::bigint[]) AS lock",
    f"SELECT FROM encryption_keys WHERE {KNOWN_HASH_ID} FOR UPDATE",
)
# A hashID with an unclaimed code gets the new code, and the old one is invalid at once (rule 20). If the code has been
# claimed, nothing changes and no row is returned (rule 21).
_REPLACE = f"""
    WITH claimed AS MATERIALIZED (SELECT FROM encryption_keys WHERE {KNOWN_HASH_ID} AND app_public_key IS NOT NULL),
    unclaimed AS MATERIALIZED (
        SELECT server_public_key FROM encryption_keys WHERE {KNOWN_HASH_ID} AND NOT EXISTS (SELECT FROM claimed)
        ORDER BY hash_id = :hash_id DESC LIMIT 1
    ),
    replaced AS (
        UPDATE encryption_keys AS pair SET
            server_public_key = :server_public_key, server_private_key = :sealed_private_key,
            one_time_code = :one_time_code, hash_id = :hash_id, remaining_keys = :remaining_keys, created = :created,
            region = :region
        FROM unclaimed WHERE pair.server_public_key = unclaimed.server_public_key
        RETURNING pair.server_public_key
    ),
    -- While an earlier version runs beside this one, a hashID may have a second row. Its code is invalid too.
    invalidated AS (
        UPDATE encryption_keys AS pair SET one_time_code = NULL, hash_id = NULL
        FROM unclaimed WHERE pair.{KNOWN_HASH_ID} AND pair.server_public_key <> unclaimed.server_public_key
    ),
    issued AS (
        {
    _INSERT.format(
        hash_id=":hash_id",
        condition="NOT EXISTS (SELECT FROM claimed) AND NOT EXISTS (SELECT FROM unclaimed)",
    )
}
    ),
    outcome AS (SELECT true AS regenerated FROM replaced UNION ALL SELECT false FROM issued)
"""  # noqa: S608 - all parts are constants

_ISSUE = Statement(_NEW + _RESULT)
_ISSUE_AND_COUNT = Statement(_NEW + _COUNTED + _RESULT)
_REPLACE_OR_ISSUE = Statement(*LOCK_HASH_ID, _REPLACE + _RESULT)
_REPLACE_OR_ISSUE_AND_COUNT = Statement(*LOCK_HASH_ID, _REPLACE + _COUNTED + _RESULT)


def issue(executor: PreparedExecutor, code: NewCode, *, count: bool = True) -> bool:
    """Store a new code and, with `count`, record the event in the same statement.

    Returns False, and changes nothing, if the hashID's code has been claimed. Raises IntegrityError if the code or the
    key pair is already in use.
    """
    values = vars(code) | {"date": code.created.date()}
    if code.hash_id is None:
        return bool(executor.execute(_ISSUE_AND_COUNT if count else _ISSUE, values))
    values |= {
        "hash_id": code.hash_id.current,
        "hash_ids": list(code.hash_id.all_forms),
        "locks": list(code.hash_id.locks),
    }
    return bool(executor.execute(_REPLACE_OR_ISSUE_AND_COUNT if count else _REPLACE_OR_ISSUE, values))

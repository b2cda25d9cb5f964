"""Issuing a one-time code: one statement that stores the code, replaces an older one, and counts."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.database.prepared import Direct
from app.database.statement import Statement


@dataclass(frozen=True)
class NewCode:
    """What a new code's row holds: what is stored of the code, and the private key, sealed already."""

    one_time_code: str
    server_public_key: bytes
    sealed_private_key: bytes
    hash_id: str | None
    remaining_keys: int
    created: datetime
    region: str
    originator: str


class Issued(Enum):
    """What became of a new code."""

    NEW = "new"
    REGENERATED = "regenerated"
    ALREADY_CLAIMED = "already claimed"


_INSERT = """
    INSERT INTO encryption_keys (
        server_public_key, server_private_key, one_time_code, hash_id, remaining_keys, created, region, originator
    ) VALUES (
        :server_public_key, :sealed_private_key, :one_time_code, :hash_id, :remaining_keys, :created, :region,
        :originator
    )
    -- A hashID whose code still waits gets the new code, and the old one is dead at once (rule 20). One whose code
    -- was claimed stays as it is, and the statement returns no row (rule 21).
    ON CONFLICT (originator, hash_id) DO UPDATE SET
        server_public_key = excluded.server_public_key,
        server_private_key = excluded.server_private_key,
        one_time_code = excluded.one_time_code,
        remaining_keys = excluded.remaining_keys,
        created = excluded.created,
        region = excluded.region
        WHERE encryption_keys.app_public_key IS NULL
    -- A row that this very statement inserted was never updated, so its xmax is zero.
    RETURNING xmax <> 0 AS regenerated
"""

_ISSUE = Statement(_INSERT)
_ISSUE_AND_COUNT = Statement(f"""
    WITH issued AS ({_INSERT}), counted AS (
        INSERT INTO events (source, identifier, device_type, date, count)
        SELECT :originator, CASE WHEN regenerated THEN 'OTKRegenerated' ELSE 'OTKGenerated' END, 'Server', :date, 1
        FROM issued
    )
    SELECT regenerated FROM issued
""")  # noqa: S608 - both parts are constants


def issue(database: Direct, code: NewCode, *, count: bool = True) -> Issued:
    """Store a new code; in the same statement count it, unless told not to.

    Raises IntegrityError when the code (or the key pair) is in use already.
    """
    values = vars(code) | {"date": code.created.date()}
    rows = database.execute(_ISSUE_AND_COUNT if count else _ISSUE, values)
    if not rows:
        return Issued.ALREADY_CLAIMED
    ((regenerated,),) = rows
    return Issued.REGENERATED if regenerated else Issued.NEW

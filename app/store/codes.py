"""Issuing a one-time code: one statement that stores the code, replaces an older one, and counts the event."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement


@dataclass(frozen=True)
class NewCode:
    """The row of a new code: the stored form of the code, and the sealed private key."""

    one_time_code: str
    server_public_key: bytes
    sealed_private_key: bytes
    hash_id: str | None
    remaining_keys: int
    created: datetime
    region: str
    originator: str


class IssueOutcome(Enum):
    """What happened to a new code."""

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
    -- A hashID with an unclaimed code gets the new code, and the old one is invalid at once (rule 20). If the code has
    -- been claimed, the row is unchanged and the statement returns no row (rule 21).
    ON CONFLICT (originator, hash_id) DO UPDATE SET
        server_public_key = excluded.server_public_key,
        server_private_key = excluded.server_private_key,
        one_time_code = excluded.one_time_code,
        remaining_keys = excluded.remaining_keys,
        created = excluded.created,
        region = excluded.region
        WHERE encryption_keys.app_public_key IS NULL
    -- xmax is zero in a row that this statement inserted.
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


def issue(executor: PreparedExecutor, code: NewCode, *, count: bool = True) -> IssueOutcome:
    """Store a new code and, with `count`, record the event in the same statement.

    Raises IntegrityError if the code or the key pair is already in use.
    """
    values = vars(code) | {"date": code.created.date()}
    rows = executor.execute(_ISSUE_AND_COUNT if count else _ISSUE, values)
    if not rows:
        return IssueOutcome.ALREADY_CLAIMED
    ((regenerated,),) = rows
    return IssueOutcome.REGENERATED if regenerated else IssueOutcome.NEW

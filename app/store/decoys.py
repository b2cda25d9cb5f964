"""Decoy requests: statements that store nothing and take as long as a claim or an upload.

A decoy waits for the same locks, reads the same rows, writes as many bytes to the write-ahead log, so that it waits for
the disk, and computes digests for as long as the real statement works on its rows. No row is changed.
"""

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement
from app.domain.claims import BanStatus
from app.store.claims import BAN_STATUS, NETWORK_LOCK, ClaimAttempt, ban_values

# Bytes that a claim and an upload of two weeks of keys write to the write-ahead log.
_CLAIM_LOG_BYTES = 900
_UPLOAD_LOG_BYTES = 4000

_WORK = """
    SELECT count(pg_logical_emit_message(true, 'decoy', repeat('0', {log_bytes}))) AS messages,
           (SELECT count(sha256(number::text::bytea)) FROM generate_series(1, :decoy_work_factor) AS number) AS digests
"""
_CLAIM = Statement(
    NETWORK_LOCK,
    f"""
    WITH ban AS MATERIALIZED ({BAN_STATUS}),
    registered AS MATERIALIZED (SELECT FROM encryption_keys WHERE app_public_key = :app_public_key),
    work AS MATERIALIZED ({_WORK.format(log_bytes=_CLAIM_LOG_BYTES)} FROM ban WHERE NOT ban.is_banned)
    SELECT ban.is_banned, ban.failures, ban.last_failure, ban.daily_failures, ban.ban_hour
    FROM work, ban LEFT JOIN registered ON true
    """,  # noqa: S608 - all parts are constants
)
_UPLOAD = Statement(
    "SELECT FROM encryption_keys WHERE server_public_key = :server_public_key FOR UPDATE",
    _WORK.format(log_bytes=_UPLOAD_LOG_BYTES),
)


def claim(executor: PreparedExecutor, attempt: ClaimAttempt, decoy_work_factor: int) -> tuple[bool, BanStatus]:
    """Return whether the network is banned, and its ban status, in the time that a claim takes.

    `decoy_work_factor` is the number of digests to compute.
    """
    values = ban_values(attempt.networks, attempt.policy, attempt.now) | {
        "app_public_key": attempt.app_public_key,
        "network_lock": attempt.network_lock,
        "decoy_work_factor": decoy_work_factor,
    }
    ((is_banned, *ban),) = executor.execute(_CLAIM, values)
    return is_banned, BanStatus(*ban)


def upload(executor: PreparedExecutor, server_public_key: bytes, decoy_work_factor: int) -> None:
    """Take the time that storing an upload of two weeks of keys takes, for a key pair that does not exist."""
    executor.execute(_UPLOAD, {"server_public_key": server_public_key, "decoy_work_factor": decoy_work_factor})

"""Tokens of health authorities that were made in the portal, beside those of KEY_CLAIM_TOKEN.

Submission reads them, and the portal makes and revokes them. A row holds the SHA-256 digest of its token.
"""

from datetime import datetime

from sqlalchemy import Connection, text

_ACTIVE = text("SELECT token_digest, label FROM api_tokens WHERE revoked_at IS NULL")
_RECORD_USE = text("""
    UPDATE api_tokens SET last_used = :now
    WHERE token_digest = :token_digest AND (last_used IS NULL OR last_used <= :before)
""")


def active(connection: Connection) -> dict[bytes, str]:
    """Return the label of each token that was not revoked, by the SHA-256 digest of the token."""
    return {bytes(row.token_digest): row.label for row in connection.execute(_ACTIVE)}


def record_use(connection: Connection, token_digest: bytes, now: datetime, before: datetime) -> None:
    """Record that a token was used now, unless a use after `before` is recorded."""
    connection.execute(_RECORD_USE, {"token_digest": token_digest, "now": now, "before": before})

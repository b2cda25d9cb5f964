"""Tokens of health authorities that were made in the portal, beside those of KEY_CLAIM_TOKEN.

Submission reads them, and the portal makes and revokes them. A row holds the SHA-256 digest of its token.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

FIRST_CHARACTERS: Final = 6  # of a token, by which a person recognises it

_ACTIVE = text("SELECT token_digest, label FROM api_tokens WHERE revoked_at IS NULL")
_RECORD_USE = text("""
    UPDATE api_tokens SET last_used = :now
    WHERE token_digest = :token_digest AND (last_used IS NULL OR last_used <= :before)
""")
# A token of the portal is derived from a secret, and comes back with that secret. Others are random, and stay revoked.
_ADD = text("""
    INSERT INTO api_tokens (token_digest, label, name, first_characters, is_portal, created)
    VALUES (:token_digest, :label, :name, :first_characters, :is_portal, :now)
    ON CONFLICT (token_digest) DO UPDATE SET revoked_at = NULL
    WHERE api_tokens.is_portal AND api_tokens.revoked_at IS NOT NULL
""")
_REVOKE_PORTAL_TOKENS = text("""
    UPDATE api_tokens SET revoked_at = :now
    WHERE label = :label AND is_portal AND revoked_at IS NULL AND token_digest <> ALL (:kept)
""")
_COLUMNS = "id, label, name, first_characters, created, last_used, revoked_at"
_LIST = text(f"""
    SELECT {_COLUMNS} FROM api_tokens
    WHERE NOT is_portal AND (CAST(:label AS text) IS NULL OR label = :label)
    ORDER BY revoked_at IS NOT NULL, id DESC
""")  # noqa: S608 - a constant
_FIND = text(f"SELECT {_COLUMNS} FROM api_tokens WHERE NOT is_portal AND id = :id")  # noqa: S608 - a constant
_REVOKE = text("""
    UPDATE api_tokens SET revoked_at = :now WHERE id = :id AND NOT is_portal AND revoked_at IS NULL
""")


@dataclass(frozen=True)
class NewToken:
    """A token to be stored. Its `repr` does not show it."""

    token: str
    label: str
    name: str
    is_portal: bool = False

    def __repr__(self) -> str:
        return f"NewToken(label={self.label!r}, name={self.name!r})"


@dataclass(frozen=True)
class StoredToken:
    """What is known of a token: not the token."""

    id: int
    label: str
    name: str
    first_characters: str
    created: datetime
    last_used: datetime | None
    revoked_at: datetime | None


def active(connection: Connection) -> dict[bytes, str]:
    """Return the label of each token that was not revoked, by the SHA-256 digest of the token."""
    return {bytes(row.token_digest): row.label for row in connection.execute(_ACTIVE)}


def record_use(connection: Connection, token_digest: bytes, now: datetime, before: datetime) -> None:
    """Record that a token was used now, unless a use after `before` is recorded."""
    connection.execute(_RECORD_USE, {"token_digest": token_digest, "now": now, "before": before})


def add(connection: Connection, new: NewToken, now: datetime) -> None:
    """Store a token, unless it is stored already; one of the portal itself is then valid again."""
    values = {
        "token_digest": _digest(new.token),
        "label": new.label,
        "name": new.name,
        "first_characters": new.token[:FIRST_CHARACTERS],
        "is_portal": new.is_portal,
        "now": now,
    }
    connection.execute(_ADD, values)


def revoke_portal_tokens(connection: Connection, label: str, kept: Sequence[str], now: datetime) -> None:
    """Revoke the portal's own tokens of a label, except those in `kept`."""
    digests = [_digest(token) for token in kept]
    connection.execute(_REVOKE_PORTAL_TOKENS, {"label": label, "kept": digests, "now": now})


def listed(connection: Connection, label: str | None) -> list[StoredToken]:
    """Return the tokens of a label, or all of them, without the portal's own: the newest first, revoked ones last."""
    return [StoredToken(*row) for row in connection.execute(_LIST, {"label": label})]


def find(connection: Connection, number: int) -> StoredToken | None:
    """Return a token by its number, unless it is the portal's own."""
    row = connection.execute(_FIND, {"id": number}).one_or_none()
    return StoredToken(*row) if row else None


def revoke(connection: Connection, number: int, now: datetime) -> bool:
    """Revoke a token; return whether it was valid until now."""
    return connection.execute(_REVOKE, {"id": number, "now": now}).rowcount == 1


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

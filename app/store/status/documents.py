"""The newest status document."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

_SAVE: Final = text("""
    INSERT INTO status_documents (id, written_at, body) VALUES (1, :written_at, :body)
    ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at, body = excluded.body
    WHERE status_documents.written_at < excluded.written_at
""")
_FIND: Final = text("SELECT body FROM status_documents")


def save(connection: Connection, written_at: datetime, body: bytes) -> None:
    """Store a document, unless a newer one is stored."""
    connection.execute(_SAVE, {"written_at": written_at, "body": body})


def find(connection: Connection) -> bytes | None:
    """Return the document, or None if there is none."""
    body = connection.execute(_FIND).scalar()
    return None if body is None else bytes(body)

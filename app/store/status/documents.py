"""The newest status document."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from app.domain.status import DOCUMENT_CLOCK_TOLERANCE

# A document from the future is of a host whose clock was wrong. Readers ignore it, and none would be newer for as long.
_SAVE: Final = text("""
    INSERT INTO status_documents (id, written_at, body) VALUES (1, :written_at, :body)
    ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at, body = excluded.body
    WHERE status_documents.written_at < excluded.written_at OR status_documents.written_at > now() + :tolerance
""")
_FIND: Final = text("SELECT body FROM status_documents")


def save(connection: Connection, written_at: datetime, body: bytes) -> None:
    """Store a document, unless a newer one is stored, or one from the future by the database's clock."""
    connection.execute(_SAVE, {"written_at": written_at, "body": body, "tolerance": DOCUMENT_CLOCK_TOLERANCE})


def find(connection: Connection) -> bytes | None:
    """Return the document, or None if there is none."""
    body = connection.execute(_FIND).scalar()
    return None if body is None else bytes(body)

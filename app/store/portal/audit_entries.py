"""The audit log: appended to, never changed. Each entry holds a keyed hash of the entry before it."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.store.portal.base import BigKey, Digest, Model, Moment


class AuditEntry(Model):
    """Who did what, to what, and what changed. No patient's data, no code and no token is in it.

    `actor` and `target` are texts, such as an address, because the log outlives the rows that they name.
    """

    __tablename__ = "portal_audit_entries"

    id: Mapped[BigKey]
    at: Mapped[Moment] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(40), index=True)
    target: Mapped[str] = mapped_column(String(254))
    jurisdiction: Mapped[str | None] = mapped_column(String(8), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)  # values before and after
    mac: Mapped[Digest]

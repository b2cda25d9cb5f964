"""Invitations, and links for a new password. A link holds a token; here is its keyed hash."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.store.portal.base import BigKey, Digest, JurisdictionCode, Model, Moment


class Invitation(Model):
    """An invitation, which fixes the address, the jurisdiction, the role and the rights. An address has at most one."""

    __tablename__ = "portal_invitations"

    id: Mapped[BigKey]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    language: Mapped[str] = mapped_column(String(2))
    jurisdiction: Mapped[JurisdictionCode] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(String(16))
    granted: Mapped[list[str]] = mapped_column(ARRAY(String(16)), server_default="{}")
    token_digest: Mapped[Digest] = mapped_column(unique=True)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("portal_accounts.id", ondelete="SET NULL"))
    created: Mapped[Moment]
    expires: Mapped[Moment] = mapped_column(index=True)


class PasswordLink(Model):
    """A link with which a person sets a new password. An account has at most one."""

    __tablename__ = "portal_password_links"

    account_id: Mapped[int] = mapped_column(ForeignKey("portal_accounts.id", ondelete="CASCADE"), primary_key=True)
    token_digest: Mapped[Digest] = mapped_column(unique=True)
    expires: Mapped[Moment] = mapped_column(index=True)

"""Codes that were issued in the portal: who issued one and when, never the code."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.store.portal.base import BigKey, Digest, JurisdictionCode, Model, Moment


class IssuedCode(Model):
    """A code by its reference, which the portal shows in place of a patient's data.

    `request_id` comes from the form, so a form that is sent twice issues one code. `line_digest` identifies a line of
    a laboratory's list, so that a second run of the list issues no second code.
    """

    __tablename__ = "portal_issued_codes"
    __table_args__ = (UniqueConstraint("jurisdiction", "line_digest"),)

    id: Mapped[BigKey]
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    request_id: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True)
    line_digest: Mapped[Digest | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("portal_accounts.id", ondelete="CASCADE"))
    jurisdiction: Mapped[JurisdictionCode]
    state: Mapped[str] = mapped_column(String(12))  # requested, issued, failed or withdrawn
    created: Mapped[Moment] = mapped_column(index=True)
    expires: Mapped[Moment]

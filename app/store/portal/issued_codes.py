"""Codes that were issued in the portal: who issued one and when, never the code."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, Uuid, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import BigKey, Digest, JurisdictionCode, Model, Moment


class CodeState(StrEnum):
    """How far the portal got with a code."""

    REQUESTED = "requested"
    ISSUED = "issued"
    FAILED = "failed"  # it was not shown to anyone, and does not count
    WITHDRAWN = "withdrawn"


class IssuedCode(Model):
    """A code by its reference, which the portal shows in place of a patient's data.

    `request_id` comes from the form, so a form that is sent twice issues one code. `line_digest` identifies a line of
    a laboratory's list, so that a second run of the list issues no second code.
    """

    __tablename__ = "portal_issued_codes"
    __table_args__ = (
        UniqueConstraint("jurisdiction", "line_digest"),
        Index(None, "account_id", "created"),
    )

    id: Mapped[BigKey]
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    request_id: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True)
    line_digest: Mapped[Digest | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("portal_accounts.id", ondelete="CASCADE"))
    jurisdiction: Mapped[JurisdictionCode]
    state: Mapped[str] = mapped_column(String(12))  # a CodeState
    created: Mapped[Moment] = mapped_column(index=True)
    expires: Mapped[Moment]


def find_request(session: Session, request_id: uuid.UUID) -> IssuedCode | None:
    """Return the code of a form."""
    return session.scalar(select(IssuedCode).where(IssuedCode.request_id == request_id))


def find_line(session: Session, jurisdiction: str, line_digests: Sequence[bytes]) -> IssuedCode | None:
    """Return the code of a line of a list, by its digests with all secrets."""
    return session.scalar(
        select(IssuedCode).where(IssuedCode.jurisdiction == jurisdiction, IssuedCode.line_digest.in_(line_digests))
    )


def find_own(session: Session, account_id: int, reference: str) -> IssuedCode | None:
    """Return a code of a person by its reference."""
    return session.scalar(
        select(IssuedCode).where(IssuedCode.account_id == account_id, IssuedCode.reference == reference)
    )


def lock(session: Session, code_id: int) -> IssuedCode:
    """Return a code, locked until the end of the transaction; raise NoResultFound."""
    return session.get_one(IssuedCode, code_id, with_for_update=True, populate_existing=True)


def count_since(session: Session, account_id: int, since: datetime) -> int:
    """Return how many codes a person has issued after `since`; a code that was replaced by another counts as well."""
    return _count(session, IssuedCode.account_id == account_id, since)


def count_in(session: Session, jurisdiction: str, since: datetime) -> int:
    """Return how many codes the people of a jurisdiction have issued after `since`."""
    return _count(session, IssuedCode.jurisdiction == jurisdiction, since)


def _count(session: Session, whose: ColumnElement[bool], since: datetime) -> int:
    shown = IssuedCode.state != CodeState.FAILED
    return session.scalars(select(func.count()).where(whose, IssuedCode.created > since, shown)).one()


def page(session: Session, account_id: int, offset: int, count: int) -> Sequence[IssuedCode]:
    """Return some codes of a person, the newest first, without those that failed."""
    return session.scalars(
        select(IssuedCode)
        .where(IssuedCode.account_id == account_id, IssuedCode.state != CodeState.FAILED)
        .order_by(IssuedCode.created.desc(), IssuedCode.id.desc())
        .offset(offset)
        .limit(count)
    ).all()

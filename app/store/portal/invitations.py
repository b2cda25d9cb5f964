"""Invitations, and links for a new password. A link holds a token; here is its keyed hash."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

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


def add(session: Session, now: datetime, **values: Any) -> int | None:
    """Store an invitation, in place of an expired one; return its number, or None if the address has an open one."""
    statement = insert(Invitation).values(created=now, **values)
    statement = statement.on_conflict_do_update(
        index_elements=[Invitation.email],
        set_={name: statement.excluded[name] for name in ("created", *values)},
        where=Invitation.expires <= now,
    )
    return session.scalar(statement.returning(Invitation.id))


def of_jurisdiction(
    session: Session, jurisdiction: str | None, count: int, *, superusers: bool
) -> Sequence[Invitation]:
    """Return the newest invitations of a jurisdiction, or of all, that were not accepted; some may have expired."""
    statement = select(Invitation).order_by(Invitation.created.desc(), Invitation.id.desc()).limit(count)
    if jurisdiction:
        statement = statement.where(Invitation.jurisdiction == jurisdiction)
    if not superusers:
        statement = statement.where(Invitation.role != "superuser")
    return session.scalars(statement).all()


def renew(
    session: Session, number: int, jurisdiction: str | None, token_digest: bytes, invited_by: int, expires: datetime
) -> Invitation | None:
    """Replace token and sender of an invitation of a jurisdiction, or of any; return None if it no longer exists."""
    values = {"token_digest": token_digest, "invited_by": invited_by, "expires": expires}
    statement = update(Invitation).where(Invitation.id == number).values(values)
    if jurisdiction:
        statement = statement.where(Invitation.jurisdiction == jurisdiction)
    return session.scalar(statement.returning(Invitation))


def withdraw(session: Session, number: int, jurisdiction: str | None) -> Invitation | None:
    """Delete an invitation of a jurisdiction, or of any, and return it; None if it no longer exists."""
    statement = delete(Invitation).where(Invitation.id == number)
    if jurisdiction:
        statement = statement.where(Invitation.jurisdiction == jurisdiction)
    return session.scalar(statement.returning(Invitation))


def lock_sent_by(session: Session, account_id: int, now: datetime) -> Sequence[Invitation]:
    """Return the invitations that a person sent and that have not expired, locked until the end of the transaction."""
    is_open = (Invitation.invited_by == account_id) & (Invitation.expires > now)
    return session.scalars(select(Invitation).where(is_open).order_by(Invitation.id).with_for_update()).all()


def find_invitation(session: Session, digests: list[bytes], now: datetime) -> Invitation | None:
    """Return the invitation of a link that has not expired, by the keyed hashes of its token."""
    return session.scalar(select(Invitation).where(Invitation.token_digest.in_(digests), Invitation.expires > now))


def take_invitation(session: Session, digests: list[bytes], now: datetime) -> Invitation | None:
    """Delete and return the invitation of a link. Of two requests at once, one receives it."""
    valid = delete(Invitation).where(Invitation.token_digest.in_(digests), Invitation.expires > now)
    return session.scalar(valid.returning(Invitation))


def put_password_link(session: Session, account_id: int, digest: bytes, expires: datetime) -> None:
    """Store an account's link, in place of an earlier one."""
    values = {"token_digest": digest, "expires": expires}
    statement = insert(PasswordLink).values(account_id=account_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[PasswordLink.account_id], set_=values))


def find_password_link(session: Session, digests: list[bytes], now: datetime) -> PasswordLink | None:
    """Return a link that has not expired, by the keyed hashes of its token."""
    return session.scalar(
        select(PasswordLink).where(PasswordLink.token_digest.in_(digests), PasswordLink.expires > now)
    )


def take_password_link(session: Session, digests: list[bytes], now: datetime) -> PasswordLink | None:
    """Delete and return a link. Of two requests at once, one receives it."""
    valid = delete(PasswordLink).where(PasswordLink.token_digest.in_(digests), PasswordLink.expires > now)
    return session.scalar(valid.returning(PasswordLink))

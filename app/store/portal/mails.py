"""E-mail and text messages to be sent by the worker; in development they stay here, for the outbox page."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, Integer, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import BigKey, Model, Moment


class Mail(Model):
    """A message. Its content is sealed, because it holds links that grant access.

    A row whose `is_decoy` is set is deleted instead of sent: a request for an unknown address takes as long as one for
    a known address.
    """

    __tablename__ = "portal_mails"

    id: Mapped[BigKey]
    kind: Mapped[str] = mapped_column(String(8))  # email or text
    content: Mapped[bytes] = mapped_column(LargeBinary)  # sealed JSON: recipient, subject, text
    is_decoy: Mapped[bool] = mapped_column(Boolean, server_default="false")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    created: Mapped[Moment] = mapped_column(index=True)
    next_attempt: Mapped[Moment] = mapped_column(index=True)


def take_due(session: Session, now: datetime, kinds: list[str]) -> Mail | None:
    """Return a message that is due, locked, or None. Decoys are due whatever their kind."""
    return session.scalar(
        select(Mail)
        .where(Mail.next_attempt <= now, Mail.kind.in_(kinds) | Mail.is_decoy)
        .order_by(Mail.next_attempt)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def newest(session: Session, count: int) -> Sequence[Mail]:
    """Return the newest messages, decoys excepted."""
    return session.scalars(select(Mail).where(~Mail.is_decoy).order_by(Mail.id.desc()).limit(count)).all()


def purge(session: Session, before: datetime) -> int:
    """Delete the messages that were stored before; return how many."""
    return len(session.execute(delete(Mail).where(Mail.created < before).returning(Mail.id)).all())

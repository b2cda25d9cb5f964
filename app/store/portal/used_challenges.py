"""Challenges of passkeys that were answered, so that an answer cannot be sent a second time."""

from datetime import datetime

from sqlalchemy import LargeBinary, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import Model, Moment


class UsedChallenge(Model):
    """A challenge. After `expires`, it is refused for its age."""

    __tablename__ = "portal_used_challenges"

    challenge: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires: Mapped[Moment] = mapped_column(index=True)


def use(session: Session, challenge: bytes, expires: datetime) -> bool:
    """Store a challenge as used; return False if it was used before."""
    statement = insert(UsedChallenge).values(challenge=challenge, expires=expires).on_conflict_do_nothing()
    return session.scalar(statement.returning(UsedChallenge.challenge)) is not None


def purge(session: Session, now: datetime) -> int:
    """Delete the challenges that have expired; return how many."""
    statement = delete(UsedChallenge).where(UsedChallenge.expires < now)
    return len(session.execute(statement.returning(UsedChallenge.challenge)).all())

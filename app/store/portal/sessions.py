"""Sessions, kept on the server so that they can be listed and ended. A cookie holds a token, a row its keyed hash."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from app.store.portal.accounts import Account
from app.store.portal.base import BigKey, Digest, Model, Moment


class PortalSession(Model):
    """A browser session. It gives no access until `second_factor_at` is set."""

    __tablename__ = "portal_sessions"

    id: Mapped[BigKey]
    token_digest: Mapped[Digest] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("portal_accounts.id", ondelete="CASCADE"), index=True)
    browser: Mapped[str] = mapped_column(String(60))  # a family and a system, such as "Firefox, Windows"
    created: Mapped[Moment]
    last_seen: Mapped[Moment] = mapped_column(index=True)
    confirmed_at: Mapped[Moment]  # when the person last proved who they are
    second_factor_at: Mapped[Moment | None]
    # The session may be used only to set up a second factor, which the account lacks.
    may_set_up: Mapped[bool] = mapped_column(Boolean, server_default="false")

    account: Mapped[Account] = relationship(lazy="raise")


def find(session: Session, digests: list[bytes]) -> PortalSession | None:
    """Return the session of a token, with its account, by the keyed hashes of the token."""
    return session.scalar(
        select(PortalSession)
        .join(PortalSession.account)
        .options(contains_eager(PortalSession.account))
        .where(PortalSession.token_digest.in_(digests))
    )


def of_account(session: Session, account_id: int) -> Sequence[PortalSession]:
    """Return an account's sessions, the most recently used first."""
    return session.scalars(
        select(PortalSession)
        .where(PortalSession.account_id == account_id, PortalSession.second_factor_at.is_not(None))
        .order_by(PortalSession.last_seen.desc())
    ).all()


def renew_token(session: Session, session_id: int, digest: bytes, confirmed_at: datetime) -> None:
    """Replace a session's token, and record that the person proved who they are."""
    values = {"token_digest": digest, "confirmed_at": confirmed_at}
    session.execute(update(PortalSession).where(PortalSession.id == session_id).values(values))


def touch(session: Session, session_id: int, now: datetime) -> bool:
    """Record activity in a session; return False if it was ended meanwhile."""
    used = update(PortalSession).where(PortalSession.id == session_id).values(last_seen=now)
    return session.scalar(used.returning(PortalSession.id)) is not None


def is_open(session: Session, session_id: int) -> bool:
    """Return whether a session was not ended. Lock its account before, so that it is not ended meanwhile."""
    return session.scalar(select(PortalSession.id).where(PortalSession.id == session_id)) is not None


def end_of_account(session: Session, account_id: int, session_id: int) -> bool:
    """Delete a session if it is the account's; return whether it was."""
    own = delete(PortalSession).where(PortalSession.id == session_id, PortalSession.account_id == account_id)
    return session.scalar(own.returning(PortalSession.id)) is not None


def end(session: Session, session_id: int) -> None:
    """Delete a session."""
    session.execute(delete(PortalSession).where(PortalSession.id == session_id))


def end_all(session: Session, account_id: int, except_id: int | None = None) -> int:
    """Delete an account's sessions, but for one; return how many."""
    statement = delete(PortalSession).where(PortalSession.account_id == account_id)
    if except_id is not None:
        statement = statement.where(PortalSession.id != except_id)
    return len(session.execute(statement.returning(PortalSession.id)).all())


def purge(session: Session, created_before: datetime, seen_before: datetime) -> int:
    """Delete the sessions that have ended by age or by idleness; return how many."""
    statement = delete(PortalSession).where(
        (PortalSession.created < created_before) | (PortalSession.last_seen < seen_before)
    )
    return len(session.execute(statement.returning(PortalSession.id)).all())

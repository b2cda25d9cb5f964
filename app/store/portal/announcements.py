"""Announcements on the portal's pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, String, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import BigKey, JurisdictionCode, Model, Moment


class Announcement(Model):
    """A text in both languages, shown from `starts` until `ends`; to everyone if `jurisdiction` is not set."""

    __tablename__ = "portal_announcements"

    id: Mapped[BigKey]
    level: Mapped[str] = mapped_column(String(12))  # information, success, warning or danger
    text_en: Mapped[str] = mapped_column(Text)
    text_fr: Mapped[str] = mapped_column(Text)
    jurisdiction: Mapped[JurisdictionCode | None]
    starts: Mapped[Moment]
    ends: Mapped[Moment]
    created: Mapped[Moment]


def current(connection: Connection, jurisdiction: str, now: datetime) -> Sequence[Row[int, str, str, str]]:
    """Return what is shown now to people of a jurisdiction: number, level and both texts, the newest first."""
    is_current = (Announcement.starts <= now) & (Announcement.ends > now)
    is_theirs = or_(Announcement.jurisdiction.is_(None), Announcement.jurisdiction == jurisdiction)
    statement = select(Announcement.id, Announcement.level, Announcement.text_en, Announcement.text_fr)
    return connection.execute(statement.where(is_current, is_theirs).order_by(Announcement.starts.desc())).all()


def exists(session: Session, values: Mapping[str, object]) -> bool:
    """Return whether there is an announcement with these values. A value may be None."""
    is_same = [getattr(Announcement, name).is_not_distinct_from(value) for name, value in values.items()]
    return session.scalar(select(Announcement.id).where(*is_same).limit(1)) is not None


def newest(session: Session, count: int) -> Sequence[Announcement]:
    """Return the announcements that end last."""
    return session.scalars(select(Announcement).order_by(Announcement.ends.desc()).limit(count)).all()


def lock(session: Session, number: int) -> Announcement | None:
    """Return an announcement, locked until the end of the transaction."""
    return session.get(Announcement, number, with_for_update=True)

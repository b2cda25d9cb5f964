"""Announcements on the portal's pages."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

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

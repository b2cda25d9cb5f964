"""Places with a poster, and the alerts of outbreaks that were sent for them."""

import uuid

from sqlalchemy import ForeignKey, SmallInteger, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.store.portal.base import BigKey, JurisdictionCode, Model, Moment


class Place(Model):
    """A place. `location_id` is in the QR code of its poster; name and address identify it within a jurisdiction."""

    __tablename__ = "portal_places"
    __table_args__ = (UniqueConstraint("jurisdiction", "name", "address", "city"),)

    id: Mapped[BigKey]
    location_id: Mapped[str] = mapped_column(String(8), unique=True)
    jurisdiction: Mapped[JurisdictionCode]
    name: Mapped[str] = mapped_column(String(65))
    address: Mapped[str] = mapped_column(String(150))
    city: Mapped[str] = mapped_column(String(100))
    category: Mapped[str] = mapped_column(String(16))
    contact_name: Mapped[str] = mapped_column(String(100))
    contact_email: Mapped[str] = mapped_column(String(254))
    contact_phone: Mapped[str] = mapped_column(String(30))
    created: Mapped[Moment]


class Alert(Model):
    """An alert about a place. `request_id` comes from the form, so a form that is sent twice sends one alert."""

    __tablename__ = "portal_alerts"

    id: Mapped[BigKey]
    place_id: Mapped[int] = mapped_column(ForeignKey("portal_places.id"), index=True)
    request_id: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True)
    starts: Mapped[Moment]
    ends: Mapped[Moment]
    severity: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(12))  # recorded, sent or failed
    account_id: Mapped[int | None] = mapped_column(ForeignKey("portal_accounts.id", ondelete="SET NULL"))
    created: Mapped[Moment] = mapped_column(index=True)
    sent_at: Mapped[Moment | None]

    place: Mapped[Place] = relationship(lazy="raise")

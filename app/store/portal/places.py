"""Places with a poster, and the alerts of outbreaks that were sent for them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    SmallInteger,
    SQLColumnExpression,
    String,
    UniqueConstraint,
    Uuid,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from app.domain.portal.places import PlaceDetails
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


def add(session: Session, location_id: str, jurisdiction: str, details: PlaceDetails, now: datetime) -> Place | None:
    """Store a place; return None if the jurisdiction has it already, or if another place has the location_id."""
    statement = insert(Place).values(
        location_id=location_id, jurisdiction=jurisdiction, created=now, **details.__dict__
    )
    return session.scalar(statement.on_conflict_do_nothing().returning(Place))


def find_same(session: Session, jurisdiction: str, details: PlaceDetails) -> Place | None:
    """Return the place of a jurisdiction with the same name, address and city."""
    is_same = (Place.name == details.name) & (Place.address == details.address) & (Place.city == details.city)
    return session.scalar(select(Place).where(Place.jurisdiction == jurisdiction, is_same))


def find(session: Session, number: int, jurisdiction: str | None) -> Place | None:
    """Return a place of a jurisdiction, or of any."""
    statement = select(Place).where(Place.id == number)
    return session.scalar(statement.where(Place.jurisdiction == jurisdiction) if jurisdiction else statement)


def lock(session: Session, number: int, jurisdiction: str | None) -> Place | None:
    """Return a place of a jurisdiction, or of any, locked until the end of the transaction."""
    statement = select(Place).where(Place.id == number).with_for_update()
    return session.scalar(statement.where(Place.jurisdiction == jurisdiction) if jurisdiction else statement)


def search(session: Session, words: Sequence[str], jurisdiction: str | None, count: int) -> Sequence[Place]:
    """Return places, by name, in whose name, address or city each word occurs, whatever the case and the accents."""
    statement = select(Place).order_by(_without_accents(Place.name), Place.id).limit(count)
    if jurisdiction:
        statement = statement.where(Place.jurisdiction == jurisdiction)
    for word in words:
        columns = (Place.name, Place.address, Place.city, Place.location_id)
        folded = _without_accents(literal(word))
        # Not LIKE, which gives a meaning to some characters of the word.
        statement = statement.where(or_(*(func.strpos(_without_accents(each), folded) > 0 for each in columns)))
    return session.scalars(statement).all()


def count(session: Session, jurisdiction: str | None) -> int:
    """Return how many places a jurisdiction has registered, or all together."""
    statement = select(func.count()).select_from(Place)
    return session.scalar(statement.where(Place.jurisdiction == jurisdiction) if jurisdiction else statement) or 0


def count_alerts(session: Session, jurisdiction: str | None, state: str, since: datetime) -> int:
    """Return how many alerts of a state were recorded since a time, for places of a jurisdiction, or of all."""
    statement = select(func.count()).select_from(Alert).join(Alert.place)
    statement = statement.where(Alert.state == state, Alert.created >= since)
    return session.scalar(statement.where(Place.jurisdiction == jurisdiction) if jurisdiction else statement) or 0


def alerts_of(session: Session, place_id: int) -> Sequence[Alert]:
    """Return all alerts of a place, the newest first."""
    return session.scalars(select(Alert).where(Alert.place_id == place_id).order_by(Alert.id.desc())).all()


def newest_alerts(session: Session, jurisdiction: str | None, before: int | None, count: int) -> Sequence[Alert]:
    """Return alerts of a jurisdiction, or of all, with their places: the newest, or those before the alert `before`."""
    statement = select(Alert).join(Alert.place).options(contains_eager(Alert.place))
    if jurisdiction:
        statement = statement.where(Place.jurisdiction == jurisdiction)
    if before is not None:
        statement = statement.where(Alert.id < before)
    return session.scalars(statement.order_by(Alert.id.desc()).limit(count)).all()


def find_alert(session: Session, number: int, jurisdiction: str | None) -> Alert | None:
    """Return an alert of a jurisdiction, or of any, with its place."""
    statement = select(Alert).join(Alert.place).options(contains_eager(Alert.place)).where(Alert.id == number)
    return session.scalar(statement.where(Place.jurisdiction == jurisdiction) if jurisdiction else statement)


def find_request(session: Session, request_id: uuid.UUID) -> Alert | None:
    """Return the alert of a form that was sent before."""
    return session.scalar(select(Alert).where(Alert.request_id == request_id))


def lock_alert(session: Session, number: int) -> Alert | None:
    """Return an alert, locked until the end of the transaction; None if another transaction has locked it."""
    statement = select(Alert).join(Alert.place).options(contains_eager(Alert.place)).where(Alert.id == number)
    return session.scalar(statement.with_for_update(of=Alert, skip_locked=True))


def _without_accents(text: SQLColumnExpression[str]) -> ColumnElement[str]:
    """Return a text in lower case, without accents and ligatures, in every collation of the database."""
    decomposed = func.normalize(text, literal_column("NFD"))
    letters = func.regexp_replace(decomposed, "[\u0300-\u036f]", "", "g")
    return func.lower(func.replace(func.replace(letters, "œ", "oe"), "Œ", "OE"))

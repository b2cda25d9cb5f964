"""What is switched on for a jurisdiction."""

from collections.abc import Mapping

from sqlalchemy import Boolean, String, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import Model


class JurisdictionSwitches(Model):
    """The switches of a jurisdiction; without a row, all are off."""

    __tablename__ = "portal_jurisdiction_switches"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    text_messages: Mapped[bool] = mapped_column(Boolean, server_default="false")
    outbreaks: Mapped[bool] = mapped_column(Boolean, server_default="false")


def all_switches(session: Session) -> Mapping[str, JurisdictionSwitches]:
    """Return the switches of all jurisdictions that have a row, by code."""
    return {row.code: row for row in session.scalars(select(JurisdictionSwitches))}


def find(session: Session, code: str) -> JurisdictionSwitches | None:
    """Return the switches of a jurisdiction, or None if all are off."""
    return session.get(JurisdictionSwitches, code)


def turn(session: Session, code: str, name: str, *, is_on: bool) -> bool:
    """Turn one switch of a jurisdiction on or off; return whether that changed it."""
    column = JurisdictionSwitches.__table__.c[name]
    if not is_on:
        off = update(JurisdictionSwitches).where(JurisdictionSwitches.code == code, column).values({name: False})
        return session.scalar(off.returning(JurisdictionSwitches.code)) is not None
    on = insert(JurisdictionSwitches).values(code=code, **{name: True})
    on = on.on_conflict_do_update(index_elements=["code"], set_={name: True}, where=~column)
    return session.scalar(on.returning(JurisdictionSwitches.code)) is not None


def allows_text_messages(session: Session, code: str) -> bool:
    """Return whether a jurisdiction sends codes by text message."""
    found = session.get(JurisdictionSwitches, code)
    return found is not None and found.text_messages

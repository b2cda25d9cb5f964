"""What is switched on for a jurisdiction."""

from sqlalchemy import Boolean, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import Model


class JurisdictionSwitches(Model):
    """The switches of a jurisdiction; without a row, all are off."""

    __tablename__ = "portal_jurisdiction_switches"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    text_messages: Mapped[bool] = mapped_column(Boolean, server_default="false")
    outbreaks: Mapped[bool] = mapped_column(Boolean, server_default="false")


def allows_text_messages(session: Session, code: str) -> bool:
    """Return whether a jurisdiction sends codes by text message."""
    found = session.get(JurisdictionSwitches, code)
    return found is not None and found.text_messages

"""What is switched on for a jurisdiction."""

from sqlalchemy import Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from app.store.portal.base import Model


class JurisdictionSwitches(Model):
    """The switches of a jurisdiction; without a row, all are off."""

    __tablename__ = "portal_jurisdiction_switches"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    text_messages: Mapped[bool] = mapped_column(Boolean, server_default="false")
    outbreaks: Mapped[bool] = mapped_column(Boolean, server_default="false")

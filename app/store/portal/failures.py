"""Failed attempts to sign in, by account and by network: identifiers are keyed hashes."""

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.store.portal.base import Model, Moment


class SignInFailures(Model):
    """The failures of an identifier, and until when it is locked out."""

    __tablename__ = "portal_sign_in_failures"

    identifier: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)  # consecutive ones
    month_failures: Mapped[int] = mapped_column(Integer)  # all of those since `month_start`
    month_start: Mapped[Moment]
    last_failure: Mapped[Moment] = mapped_column(index=True)
    locked_until: Mapped[Moment | None]

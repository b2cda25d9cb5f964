"""E-mail and text messages to be sent by the worker; in development they stay here, for the outbox page."""

from sqlalchemy import Boolean, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.store.portal.base import BigKey, Model, Moment


class Mail(Model):
    """A message. Its content is sealed, because it holds links that grant access.

    A row whose `is_decoy` is set is deleted instead of sent: a request for an unknown address takes as long as one for
    a known address.
    """

    __tablename__ = "portal_mails"

    id: Mapped[BigKey]
    kind: Mapped[str] = mapped_column(String(8))  # email or text
    content: Mapped[bytes] = mapped_column(LargeBinary)  # sealed JSON: recipient, subject, text
    is_decoy: Mapped[bool] = mapped_column(Boolean, server_default="false")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    created: Mapped[Moment] = mapped_column(index=True)
    next_attempt: Mapped[Moment] = mapped_column(index=True)
    sent_at: Mapped[Moment | None]

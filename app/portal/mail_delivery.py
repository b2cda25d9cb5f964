"""Sending what is stored: one message a transaction, so that several workers share the work."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.config import PortalSettings
from app.database.database import Database
from app.domain.errors import MailDeliveryError, UnsealingError
from app.portal.mail import EMAIL, TEXT, MailQueue
from app.portal.mail_transports import send_email, send_text_message
from app.store.portal import mails
from app.store.portal.mails import Mail

_logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 11  # the last one about 17 hours after the first
_FIRST_PAUSE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class MailDelivery:
    """Sends the messages of a queue."""

    database: Database
    queue: MailQueue
    settings: PortalSettings

    def send_due(self, now: datetime) -> int:
        """Send every message that is due, and return how many were sent. A failed one is tried again later."""
        sent = 0
        while True:
            with self.database.session() as session:
                mail = mails.take_due(session, now, self._kinds())
                if mail is None:
                    return sent
                sent += self._send(session, mail, now)

    def _kinds(self) -> list[str]:
        """Return the kinds of messages that are sent, and not kept for the page that shows them."""
        kept = {EMAIL: self.settings.keeps_email, TEXT: self.settings.keeps_text_messages}
        return [kind for kind, is_kept in kept.items() if not is_kept]

    def _send(self, session: Session, mail: Mail, now: datetime) -> bool:
        if mail.is_decoy:
            session.delete(mail)
            return False
        try:
            message = self.queue.open(mail)
            if message.kind == EMAIL:
                send_email(self.settings, message)
            else:
                send_text_message(self.settings, message)
        except MailDeliveryError as error:
            self._postpone(session, mail, now, error)
            return False
        except UnsealingError:  # its secret was replaced; if it stayed, no message after it would be sent
            fields = {"kind": mail.kind, "attempts": mail.attempts, "reason": "unknown secret"}
            _logger.error("mail given up", extra=fields)
            session.delete(mail)
            return False
        session.delete(mail)  # nothing of it is kept
        return True

    def _postpone(self, session: Session, mail: Mail, now: datetime, error: MailDeliveryError) -> None:
        mail.attempts += 1
        # Neither the address nor the server's answer, which may repeat it, reaches the log.
        fields = {"kind": mail.kind, "attempts": mail.attempts, "reason": str(error)}
        if mail.attempts >= MAX_ATTEMPTS:
            _logger.error("mail given up", extra=fields)
            session.delete(mail)
        else:
            _logger.error("mail not sent", extra=fields)
            mail.next_attempt = now + _FIRST_PAUSE * 2 ** (mail.attempts - 1)

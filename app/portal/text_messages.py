"""Sending a code by text message. The number is kept, sealed, until the message has been sent, and nowhere else."""

from dataclasses import dataclass
from datetime import datetime

from app.config import PortalSettings
from app.database.database import Database
from app.domain.portal.people import Person
from app.portal.audit import AuditLog
from app.portal.mail import MailQueue
from app.store.portal import jurisdiction_switches


@dataclass(frozen=True)
class TextMessages:
    """Sends text messages, where the settings and the jurisdiction allow it."""

    database: Database
    settings: PortalSettings
    mail: MailQueue
    audit: AuditLog

    def are_available(self, person: Person) -> bool:
        """Return whether a person may send text messages."""
        if self.settings.text_message_url is None:
            return False
        with self.database.session() as session:
            return jurisdiction_switches.allows_text_messages(session, person.jurisdiction.code)

    def send(self, person: Person, number: str, text: str, reference: str, now: datetime) -> None:
        """Store a message for the worker to send. The audit log has the reference of the code only."""
        with self.database.session() as session:
            self.mail.queue_text_message(session, number, text, now)
            self.audit.record(session, person, "text-message", reference, now)
        self.mail.send_soon()

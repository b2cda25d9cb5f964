"""Messages of the portal: stored in the transaction of what they are about, and sent by the worker.

A page never waits for a server for e-mail, and a message is neither lost nor sent for what was rolled back.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from app.config import PORTAL
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.store.portal import mails
from app.store.portal.mails import Mail
from app.upkeep.queues import queue_of
from app.web.i18n import load_catalogue

_logger = logging.getLogger(__name__)

EMAIL: Final = "email"
TEXT: Final = "text"
_SEND_JOB: Final = "worker.jobs.send_mail.send_mail"
# The clock adds the same job once a minute: what waits for longer would fill Redis while no worker runs.
_SOON_SECONDS: Final = 60
_GROUP: Final = "portal"


@dataclass(frozen=True)
class Message:
    """A message as it is sent."""

    kind: str
    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class StoredMessage:
    """A message that is kept, and when it was stored."""

    message: Message
    created: datetime


@dataclass(frozen=True)
class MailQueue:
    """Stores messages, and asks the worker to send them."""

    database: Database
    keys: PortalKeys
    redis: Redis

    def queue(self, session: Session, *, to: str, language: str, message: str, now: datetime, **values: object) -> None:
        """Store an e-mail, whose texts are those of `mail.{message}` with the values."""
        texts = load_catalogue(_GROUP, language)
        text = texts(f"mail.{message}.text", **values) + "\n\n" + texts("mail.signature")
        subject = texts(f"mail.{message}.subject", **values)
        self._store(session, Message(EMAIL, to, subject, text), now)

    def queue_text_message(self, session: Session, number: str, text: str, now: datetime) -> None:
        """Store a text message to a telephone number."""
        self._store(session, Message(TEXT, number, "", text), now)

    def queue_decoy(self, session: Session, now: datetime) -> None:
        """Store a message that is deleted instead of sent, so that unknown addresses take as long as known ones."""
        self._store(session, Message(EMAIL, "", "decoy", "decoy"), now, is_decoy=True)

    def send_soon(self) -> None:
        """Ask the worker to send what is stored, after the transaction. Without Redis, it does so within a minute."""
        try:
            queue_of(PORTAL, self.redis).enqueue(_SEND_JOB, ttl=_SOON_SECONDS, result_ttl=0, failure_ttl=0)
        except RedisError:
            _logger.warning("worker not notified of mail: no response from Redis")

    def open(self, mail: Mail) -> Message:
        """Return the message of a row."""
        return Message(**json.loads(self.keys.open(mail.content, _context(mail.kind))))

    def newest(self, count: int = 50) -> list[StoredMessage]:
        """Return the newest messages that are kept."""
        with self.database.session() as session:
            return [StoredMessage(self.open(mail), mail.created) for mail in mails.newest(session, count)]

    def _store(self, session: Session, message: Message, now: datetime, *, is_decoy: bool = False) -> None:
        content = json.dumps(message.__dict__).encode()
        sealed = self.keys.seal(content, _context(message.kind))
        session.add(Mail(kind=message.kind, content=sealed, is_decoy=is_decoy, created=now, next_attempt=now))


def _context(kind: str) -> str:
    return f"mail {kind}"

"""Sending the daily digest, once however many workers there are."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.config import StatusSettings
from app.database.database import Database
from app.domain.figures import ALL, RETENTION_DAYS, SETTLING
from app.domain.timeline import midnight
from app.figures.digest import Digest, Sender, subject_of, text_of
from app.figures.readings import FigureReadings
from app.figures.series import by_place
from app.sending.email import Email, send_email
from app.status.document import StatusDocument
from app.store import daily_digests, daily_figures

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DigestDelivery:
    """Sends the digest of a day; `document` returns the newest published status, or None."""

    database: Database
    settings: StatusSettings
    document: Callable[[datetime], StatusDocument | None]

    def send_due(self, now: datetime) -> bool:
        """Send today's digest if its hour has come and it was not sent; return whether it was sent.

        A second worker waits until the first has sent it. If it cannot be sent, nothing is recorded, so a later run
        tries again; a worker that is killed while the server for e-mail accepts it sends it twice. Raises
        MailDeliveryError.
        """
        local = now.astimezone(self.settings.status_time_zone)
        if not self.settings.digest_emails or local.hour < self.settings.digest_hour:
            return False
        digest = self._digest(local.date(), now)
        sender = Sender(self.settings.status_names, self.settings.status_url, self.settings.status_time_zone)
        identifier = f"digest-{digest.sent_on.isoformat()}"
        email = Email(self.settings.digest_emails, subject_of(digest, sender), text_of(digest, sender), identifier)
        with self.database.transaction() as connection:
            if not daily_digests.claim(connection, digest.sent_on, now):
                return False
            daily_digests.purge(connection, digest.sent_on - timedelta(days=RETENTION_DAYS))
            send_email(self.settings.mail_url or "", self.settings.mail_from, email)
        _logger.info("digest sent", extra={"day": digest.sent_on.isoformat()})
        return True

    def _digest(self, today: date, now: datetime) -> Digest:
        day = min(midnight(now - SETTLING).date(), today) - timedelta(days=1)
        with self.database.autocommit() as connection:
            days = by_place(daily_figures.published_between(connection, day, day)).get(ALL, [])
        document = self.document(now)
        return Digest(
            sent_on=today,
            day=day,
            figures=days[0] if days else None,
            written_at=document.written_at if document else None,
            is_stale=document is not None and document.is_stale(now),
            objectives=document.objectives if document else (),
            incidents=document.open_incidents if document else (),
            alarms=FigureReadings.of(self.database, self.settings).alarms(now),
        )

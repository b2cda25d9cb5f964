"""Recipients of a notice whom the server for e-mail refused for the moment, as it does with greylisting.

They are kept in memory: after a restart, they get the next reminder. The others do not get the notice again.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.config import StatusSettings
from app.database.database import Database
from app.domain.errors import MailDeliveryError
from app.domain.incidents import notices as rules
from app.domain.incidents.notices import Channel, Progress
from app.incidents.notices import CHANNEL_SECONDS, RESPONSE_SECONDS
from app.sending.email import Email, send_email
from app.store.incidents import notices

_logger = logging.getLogger(__name__)

_FIRST_PAUSE: Final = timedelta(minutes=1)
_MAX_ATTEMPTS: Final = 5  # the last one half an hour after the notice


@dataclass(frozen=True)
class _Waiting:
    email: Email
    attempts: int  # that failed
    next_attempt: datetime


class LateRecipients:
    """Sends notices to those recipients again. For one thread: that of the monitor."""

    def __init__(self, settings: StatusSettings, timer: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._timer = timer
        self._waiting: dict[int | None, _Waiting] = {}  # by incident

    def send(self, email: Email, incident: int | None, now: datetime) -> None:
        """Send a notice; raise MailDeliveryError. It replaces what still had to be sent of the incident."""
        self._waiting.pop(incident, None)
        self._keep(email, self._send(email), incident, 0, now)

    def send_due(self, database: Database, now: datetime) -> None:
        """Send what is due to those who were refused; drop it if any process has sent a later notice of the incident.

        What a slow server delays remains due. Without PostgreSQL, notices of incidents wait. Of an outage that could
        not be stored, there is no later notice.
        """
        latest = self._timer() + CHANNEL_SECONDS
        for incident, waiting in list(self._waiting.items()):
            if self._timer() > latest:
                break
            # An attempt that is further ahead than its pause: the clock was set back.
            if now < waiting.next_attempt <= now + _pause(waiting.attempts):
                continue
            if incident is None:
                self._repeat(waiting, incident, now)
                continue
            try:
                # The lock is that of NoticeSender: no process sends a later notice meanwhile.
                with database.session() as session:
                    row = notices.take(session, incident, Channel.EMAIL)
                    if row is None:
                        continue
                    if waiting.email.identifier == rules.identifier(incident, Progress(row.sent - 1)):
                        self._repeat(waiting, incident, now)
                    else:
                        del self._waiting[incident]
            except SQLAlchemyError as error:
                _logger.error("monitor without database", extra={"reason": type(error).__name__})

    def _repeat(self, waiting: _Waiting, incident: int | None, now: datetime) -> None:
        del self._waiting[incident]
        try:
            refused = self._send(waiting.email)
        except MailDeliveryError as error:
            refused = waiting.email.to
            fields = {"channel": Channel.EMAIL.value, "attempts": waiting.attempts + 1, "reason": str(error)}
            _logger.error("notice not sent", extra=fields)
        self._keep(waiting.email, refused, incident, waiting.attempts + 1, now)

    def _send(self, email: Email) -> Sequence[str]:
        return send_email(self._settings.mail_url or "", self._settings.mail_from, email, RESPONSE_SECONDS)

    def _keep(self, email: Email, refused: Sequence[str], incident: int | None, attempts: int, now: datetime) -> None:
        if refused and attempts < _MAX_ATTEMPTS:
            self._waiting[incident] = _Waiting(replace(email, to=refused), attempts, now + _pause(attempts))


def _pause(attempts: int) -> timedelta:
    """Return how long to wait after some attempts that failed."""
    return _FIRST_PAUSE * (1 << attempts)

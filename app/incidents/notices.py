"""Sending notices of incidents: at least once each, however long a receiver is down.

Needs PostgreSQL for the progress of each notice, but not Redis. Of an outage of PostgreSQL itself, `send_unstored`
sends the first notice, whose progress the monitor keeps until the incident can be stored.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.database.database import Database
from app.domain.errors import MailDeliveryError
from app.domain.incidents import notices as rules
from app.domain.incidents.notices import Channel, NoticeKind, Progress, Subject
from app.domain.incidents.states import State
from app.domain.objectives import Severity
from app.incidents.notice_texts import Notice
from app.incidents.records import record_of
from app.store.incidents import notices
from app.store.incidents.incidents import Incident

_logger = logging.getLogger(__name__)

Send = Callable[[Notice], None]  # raises MailDeliveryError
# Of an incident that was resolved longer ago, nothing is sent on a channel that is new.
_RECENT: Final = timedelta(days=1)
# After this, no further attempt begins on a channel until the next round: a monitor that waits checks nothing.
CHANNEL_SECONDS: Final = 2.0
# How long a receiver may take for each response: a slower one delays the checks of the monitor.
RESPONSE_SECONDS: Final = 5.0

_UNSTORED: Final = Subject(0, State.OPEN, Severity.PAGE, acknowledged=False)


@dataclass(frozen=True)
class NoticeSender:
    """Sends notices on the channels that the settings name."""

    database: Database
    channels: Mapping[Channel, Send]
    timer: Callable[[], float] = time.monotonic

    def send_due(self, now: datetime) -> int:
        """Send the notices that are due, and return how many were accepted. Raises DBAPIError.

        What a slow receiver delays remains due. The progress of an incident on a channel is locked meanwhile, so that
        several processes share the work.
        """
        if not self.channels:
            return 0
        with self.database.session() as session:
            notices.add_missing(session, list(self.channels), now - _RECENT)
            unfinished = notices.unfinished(session, list(self.channels))
        return sum(
            self._send_on(channel, [number for number, its_channel in unfinished if its_channel == channel], now)
            for channel in self.channels
        )

    def _send_on(self, channel: Channel, numbers: Sequence[int], now: datetime) -> int:
        latest = self.timer() + CHANNEL_SECONDS
        accepted = 0
        for number in numbers:
            if self.timer() > latest:
                break
            accepted += self._advance(number, channel, now)
        return accepted

    def _advance(self, number: int, channel: Channel, now: datetime) -> bool:
        """Send the notice of an incident that is due on a channel; return whether one was accepted."""
        with self.database.session() as session:
            row, incident = notices.take(session, number, channel), session.get(Incident, number)
            if row is None or incident is None:
                return False
            record, progress = record_of(incident), notices.progress_of(row)
            subject = Subject(number, record.state, record.urgency, record.acknowledged is not None)
            kind = rules.due(subject, progress, now)
            if kind is None:
                return False
            notice = Notice(
                identifier=rules.identifier(number, progress),
                kind=kind,
                number=number,
                titles=record.titles,
                state=record.state,
                impact=record.impact,
                parts=record.parts,
                began=record.began,
            )
            following = self._attempt(channel, notice, progress, now)
            notices.set_progress(row, following)
            return following.sent > progress.sent

    def send_unstored(
        self, notice: Notice, progress: Mapping[Channel, Progress], now: datetime
    ) -> dict[Channel, Progress]:
        """Send the first notice of an outage that cannot be stored, and return the progress on each channel."""
        following = {}
        for channel in self.channels:
            known = progress.get(channel, Progress())
            is_due = rules.due(_UNSTORED, known, now) is NoticeKind.OPENED
            following[channel] = self._attempt(channel, notice, known, now) if is_due else known
        return following

    def _attempt(self, channel: Channel, notice: Notice, progress: Progress, now: datetime) -> Progress:
        try:
            self.channels[channel](notice)
        except MailDeliveryError as error:
            fields = {"channel": channel.value, "attempts": progress.attempts + 1, "reason": str(error)}
            _logger.error("notice not sent", extra=fields)
            return rules.after_failure(progress, now)
        return rules.after_success(progress, notice.kind, now)

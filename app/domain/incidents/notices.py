"""Notices: one incident is one notice, repeated until a person acknowledges it, and one more when it is resolved.

For each incident and channel there is one state, which only a successful attempt advances:

    nothing sent ──opened──> sent ──reminder──> sent again … ──resolved──> done

An attempt that fails is repeated, with pauses that double up to five minutes. The state is stored after the receiver
accepted the notice, so a process that dies in between sends it again: at least once, never lost. The identifier of
a notice is the same in each attempt, so that a receiver can ignore repetitions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.incidents.states import ONGOING, State
from app.domain.objectives import Severity
from app.domain.timeline import CLOCK_TOLERANCE


class Channel(StrEnum):
    """How a notice is sent."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class NoticeKind(StrEnum):
    """What a notice reports."""

    OPENED = "opened"
    REMINDER = "reminder"
    RESOLVED = "resolved"


FIRST_REMINDER: Final = timedelta(minutes=15)
LATER_REMINDERS: Final = timedelta(hours=1)
# What must be done within days is repeated once a day.
TICKET_REMINDERS: Final = timedelta(days=1)
_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Subject:
    """What a notice is about."""

    number: int
    state: State
    urgency: Severity | None  # None if a person opened the incident
    acknowledged: bool


@dataclass(frozen=True)
class Progress:
    """What was sent of an incident on a channel: how many notices, the last one when, and whether it was the end."""

    sent: int = 0
    last_sent: datetime | None = None
    is_done: bool = False
    attempts: int = 0  # that failed since the last success
    next_attempt: datetime | None = None


def due(subject: Subject, progress: Progress, now: datetime) -> NoticeKind | None:
    """Return which notice must be sent now, or None."""
    if progress.is_done or _is_pausing(progress, now):
        return None
    if subject.state not in ONGOING:
        return NoticeKind.RESOLVED
    if progress.last_sent is None:
        return NoticeKind.OPENED
    # A notice that was sent in the future: the clock was set back.
    if subject.acknowledged or -CLOCK_TOLERANCE <= now - progress.last_sent < _interval(subject, progress.sent):
        return None
    return NoticeKind.REMINDER


def _is_pausing(progress: Progress, now: datetime) -> bool:
    # An attempt that is further ahead than any pause: the clock was set back.
    return progress.next_attempt is not None and now < progress.next_attempt <= now + _LONGEST_PAUSE


def _interval(subject: Subject, sent: int) -> timedelta:
    if subject.urgency is Severity.TICKET:
        return TICKET_REMINDERS
    return FIRST_REMINDER if sent == 1 else LATER_REMINDERS


def after_success(progress: Progress, kind: NoticeKind, now: datetime) -> Progress:
    """Return the state after a notice was accepted."""
    return Progress(progress.sent + 1, now, kind is NoticeKind.RESOLVED)


def after_failure(progress: Progress, now: datetime) -> Progress:
    """Return the state after an attempt that failed."""
    pause = min(_FIRST_PAUSE * 2 ** min(progress.attempts, 10), _LONGEST_PAUSE)
    return Progress(progress.sent, progress.last_sent, progress.is_done, progress.attempts + 1, now + pause)


def identifier(number: int, progress: Progress) -> str:
    """Return the identifier of the next notice of an incident, the same in each attempt."""
    return f"incident-{number}-{progress.sent + 1}"

"""The first notice of an outage that cannot be stored, such as one of PostgreSQL itself.

Its progress is kept in the spool of the monitor that sent it, and in Redis, so that no other monitor sends it again.
Without Redis each monitor may send it; the identifiers are the same.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from app.domain.incidents.alerts import Detection, impact_of, parts_of
from app.domain.incidents.checks import Check
from app.domain.incidents.notices import Channel, NoticeKind, Progress
from app.domain.incidents.states import State
from app.domain.timeline import minute_number
from app.incidents.notice_texts import Notice
from app.incidents.notices import NoticeSender
from app.incidents.texts import title_of_check

_KEY: Final = "unstored-notice:"
# Set again in each round of the outage. The notice of a later one must be sent, also if this one was never stored.
_LIFETIME_SECONDS: Final = 300


def notice_of(detections: list[Detection]) -> Notice:
    """Return the notice of an outage. That of PostgreSQL is named first: it is why nothing is stored."""
    began = min(each.at for each in detections)
    first = min(detections, key=lambda each: each.key.name != Check.DATABASE)
    return Notice(
        identifier=f"outage-{minute_number(began)}",
        kind=NoticeKind.OPENED,
        number=None,
        titles=title_of_check(first.key.name),
        state=State.OPEN,
        impact=impact_of(detections),
        parts=parts_of((), detections),
        began=began,
    )


def send_once(
    sender: NoticeSender, notice: Notice, known: Mapping[Channel, Progress], redis: Redis | None, now: datetime
) -> dict[Channel, Progress]:
    """Send the notice where it was not sent, and return the progress on each channel."""
    before = with_shared(known, redis, list(sender.channels))
    after = sender.send_unstored(notice, before, now)
    for channel, progress in after.items():
        if progress.last_sent is not None and redis is not None:
            with suppress(RedisError):
                redis.set(_KEY + channel.value, progress.last_sent.isoformat(), ex=_LIFETIME_SECONDS)
    return after


def with_shared(
    known: Mapping[Channel, Progress], redis: Redis | None, channels: list[Channel]
) -> dict[Channel, Progress]:
    """Return the progress on each channel, with what other monitors have sent."""
    found = dict(known)
    for channel in channels:
        progress = found.get(channel, Progress())
        if progress.last_sent is None and redis is not None:
            with suppress(RedisError, ValueError):
                stored = redis.get(_KEY + channel.value)
                if stored:
                    sent = datetime.fromisoformat(stored.decode() if isinstance(stored, bytes) else stored)
                    progress = replace(progress, sent=1, last_sent=sent)
        found[channel] = progress
    return found


def forget_shared(redis: Redis | None, channels: list[Channel]) -> None:
    """Forget what monitors have sent: the incident is stored."""
    if redis is not None:
        with suppress(RedisError):
            redis.delete(*(_KEY + channel.value for channel in channels))

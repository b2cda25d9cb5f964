"""When a diagnosis key becomes public: with the batch of its upload, and not while it can be replayed (defect D18).

An observer who compares two archives learns which keys were added between them. If keys were published one upload at a
time, these would be the keys of one person. Uploads are therefore collected, and their keys released together at the
start of an hour: a batch.

While phones still accept the identifiers of a key, anyone who learns the key can broadcast them and cause false
matches. A key is therefore held back until its validity has ended, plus an allowance for clock skew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.limits import BUNDLE_DAYS, PUBLICATION_SKEW_HOURS
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_HOUR, hour_number
from app.domain.uploads import DiagnosisKey

# Two days longer than any archive covers: a key beyond it starts after the window of every archive it could be in.
MAX_HOLD_HOURS: Final = (BUNDLE_DAYS + 2) * HOURS_PER_DAY

# A batch is closed so long before its release. Requests that began before have then ended, whatever their process's
# clock shows, so that no key is added to a batch that is public already; and padding can be added meanwhile.
CLOSING: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class ReleasePolicy:
    """The operator's settings for the release of keys.

    A batch is released at each hour number that is a multiple of `period_hours`; 0 releases each upload at once.
    """

    period_hours: int
    publish_active_keys: bool


def next_release(now: datetime, policy: ReleasePolicy) -> int:
    """Return the hour number of the first release after a moment; the policy must have batches."""
    return _round_up(hour_number(now) + 1, policy)


def batch_hour(now: datetime, policy: ReleasePolicy) -> int:
    """Return the hour number in which an upload of this moment is released; without batches, the current one."""
    return next_release(now + CLOSING, policy) if policy.period_hours else hour_number(now)


def closed_batch(now: datetime, policy: ReleasePolicy) -> int | None:
    """Return the hour number of the batch that is closed and not yet released, or None if there is none."""
    if not policy.period_hours:
        return None
    release = next_release(now, policy)
    return release if release < batch_hour(now, policy) else None


def end_of_hold(start: int, rolling_period: int, policy: ReleasePolicy) -> int:
    """Return the first hour number in which a key may be public if active keys are held back.

    `start` is its rolling start interval number.
    """
    public_from = -(-(start + rolling_period) // INTERVALS_PER_HOUR) + PUBLICATION_SKEW_HOURS
    return _round_up(public_from, policy)


def publication_hour(key: DiagnosisKey, now: datetime, policy: ReleasePolicy) -> int:
    """Return the hour number to store as the key's `hour_of_submission`: the hour in which it becomes public.

    `now` is the time of the upload. Archives select keys by the stored hour, so the archive of a past day never gains a
    key. A key that would be held back for longer than any archive covers is useless to phones. It is stored with the
    hour of its batch, so that it expires like any other; every `ExportWindow` leaves it out because it starts after the
    end of the window.
    """
    batch = batch_hour(now, policy)
    if policy.publish_active_keys:
        return batch
    public_from = end_of_hold(key.rolling_start_interval_number, key.rolling_period, policy)
    if public_from - hour_number(now) > MAX_HOLD_HOURS:
        return batch
    return max(batch, public_from)


def _round_up(hour: int, policy: ReleasePolicy) -> int:
    """Return the first hour number, from `hour` on, in which keys are released."""
    period = policy.period_hours or 1
    return -(-hour // period) * period

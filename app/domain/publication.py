"""When a diagnosis key becomes public (defect D18).

While phones still accept the identifiers of a key, anyone who learns the key can broadcast them and cause false
matches. A key is therefore held back until its validity has ended, plus an allowance for clock skew.
"""

from typing import Final

from app.domain.limits import BUNDLE_DAYS, PUBLICATION_SKEW_HOURS
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_HOUR
from app.domain.uploads import DiagnosisKey

# Two days longer than any archive covers: a key beyond it starts after the window of every archive it could be in.
MAX_HOLD_HOURS: Final = (BUNDLE_DAYS + 2) * HOURS_PER_DAY


def publication_hour(key: DiagnosisKey, current: int, *, publish_active_keys: bool) -> int:
    """Return the hour number to store as the key's `hour_of_submission`: the hour in which it becomes public.

    `current` is the hour number of the upload. Archives select keys by the stored hour, so the archive of a past day
    never gains a key. A key that would be held back for longer than any archive covers is useless to phones. It is
    stored with the current hour, so that it expires like any other; every `ExportWindow` leaves it out because it
    starts after the end of the window.
    """
    if publish_active_keys:
        return current
    end_of_validity = key.rolling_start_interval_number + key.rolling_period
    public_from = -(-end_of_validity // INTERVALS_PER_HOUR) + PUBLICATION_SKEW_HOURS
    if public_from - current > MAX_HOLD_HOURS:
        return current
    return max(current, public_from)

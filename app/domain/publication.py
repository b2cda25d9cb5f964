"""When a key becomes public (defect D18).

Whoever learns a key while phones still accept its identifiers can broadcast them and make strangers believe that
they met its owner. So a key is held back until its validity has ended, with allowance for clocks that run late.
"""

from typing import Final

from app.domain.limits import BUNDLE_DAYS, PUBLICATION_SKEW_HOURS
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_HOUR
from app.domain.uploads import ExposureKey

# Longer than any archive reaches back, by two days, so that a key beyond it starts after every archive it could be in.
MAX_HOLD_HOURS: Final = (BUNDLE_DAYS + 2) * HOURS_PER_DAY


def publication_hour(key: ExposureKey, current: int, *, publish_active_keys: bool) -> int:
    """Return the hour number to store as the key's `hour_of_submission`: the hour in which it becomes public.

    `current` is the number of the hour in which it is uploaded. An archive takes keys by the hour that is stored, so
    the archive of a past day never gains a key. A key that would be held for longer than any archive reaches back is of
    no use to a phone: it is stored as of now, so that it expires like any other, and every `ExportWindow` leaves it out
    because it starts after the window ends.
    """
    if publish_active_keys:
        return current
    end_of_validity = key.rolling_start_interval_number + key.rolling_period
    public_from = -(-end_of_validity // INTERVALS_PER_HOUR) + PUBLICATION_SKEW_HOURS
    if public_from - current > MAX_HOLD_HOURS:
        return current
    return max(current, public_from)

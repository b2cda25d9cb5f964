"""Which archives a phone downloads, and how it asks for them.

A period is a UTC day number (unix time / 86,400 s); period 0, sent as `00000`, is the bundle of the last fourteen
days. The rule is that of the public app, whose service asks for the bundle and today on its first run, and after
that for every day from today back to the day of its last check, that day included: keys may have come after it.
"""

import hashlib
import hmac

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
MOST_DAYS = 14
BUNDLE = 0
KEYS = "retrieve"  # the first part of the path of archives of keys
OUTBREAKS = "qr"  # and of outbreaks
REGION = "302"  # Canada's mobile country code


def periods_to_fetch(today: int, last_checked: int | None) -> list[int]:
    """Return the periods of one check, in the order in which a phone asks for them."""
    if last_checked is None:
        return [BUNDLE, today]
    oldest = max(last_checked, today - MOST_DAYS + 1)
    return list(range(today, oldest - 1, -1))


def period_text(period: int) -> str:
    """Return a period as five digits, the only length that the server's route accepts."""
    return f"{period:05d}"


def retrieval_path(period: int, now: int, hmac_key: bytes, kind: str = KEYS) -> str:
    """Return the path of an archive, with the MAC that keeps strangers from filling the cache.

    The MAC covers the region, the period and the hour of `now` (unix seconds); the server also accepts the hour before
    and the hour after, so a clock may be wrong by an hour.
    """
    text = period_text(period)
    message = f"{REGION}:{text}:{now // HOUR_SECONDS}".encode()
    mac = hmac.new(hmac_key, message, hashlib.sha256).hexdigest()
    return f"/{kind}/{REGION}/{text}/{mac}"


def expected_bounds(period: int, today: int) -> tuple[int, int]:
    """Return the first second and the first second after of what an archive must cover."""
    first, after = (today - MOST_DAYS - 1, today) if period == BUNDLE else (period, period + 1)
    return first * DAY_SECONDS, after * DAY_SECONDS

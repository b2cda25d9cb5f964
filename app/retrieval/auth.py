"""The code in a download's address: proof that an app, not a browser, asks (protocol rule 73)."""

import functools
import hashlib
import hmac
from datetime import datetime

from app.domain.timeline import hour_number


def is_authentic(given: str, key: bytes, region: str, period: str, now: datetime) -> bool:
    """Tell whether the code is right for this hour, the last or the next, since phones' clocks differ.

    It is hexadecimal HMAC-SHA256 over `region:period:hour`, the region being the server's own (rule 72) and the
    period as it stands in the path.
    """
    if not given.isascii():
        return False
    code, authentic = given.lower(), False
    for accepted in _accepted_codes(key, region, period, hour_number(now)):
        authentic |= hmac.compare_digest(code, accepted)
    return authentic


# All phones send the same few codes in an hour: three for each period.
@functools.lru_cache(maxsize=64)
def _accepted_codes(key: bytes, region: str, period: str, hour: int) -> tuple[str, ...]:
    return tuple(download_code(key, region, period, near).hex() for near in (hour - 1, hour, hour + 1))


def download_code(key: bytes, region: str, period: str, hour: int) -> bytes:
    """Return the code of an archive's address in an hour. Only phones, which hold the key, should know it."""
    return hmac.digest(key, f"{region}:{period}:{hour}".encode(), hashlib.sha256)

"""The code in a download's address: proof that an app, not a browser, asks (protocol rule 73)."""

import functools
import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from app.domain.timeline import hour_number

_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]{64}")


def is_authentic(given: str, key: bytes, region: str, period: str, now: datetime) -> bool:
    """Tell whether the code is right for this hour, the last or the next, since phones' clocks differ.

    It is hexadecimal HMAC-SHA256 over `region:period:hour`, the region being the server's own (rule 72) and the
    period as it stands in the path.
    """
    if not _HEXADECIMAL.fullmatch(given):
        return False
    code, hour, authentic = bytes.fromhex(given), hour_number(now), False
    for candidate in (hour - 1, hour, hour + 1):
        authentic |= hmac.compare_digest(code, download_code(key, region, period, candidate))
    return authentic


# All phones send the same few codes in an hour: one for each period, and for three hours.
@functools.lru_cache(maxsize=256)
def download_code(key: bytes, region: str, period: str, hour: int) -> bytes:
    """Return the code of an archive's address in an hour. Only phones, which hold the key, should know it."""
    return hmac.digest(key, f"{region}:{period}:{hour}".encode(), hashlib.sha256)

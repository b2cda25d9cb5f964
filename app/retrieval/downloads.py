"""The downloads of archives: their paths, headers and authentication, for views, the fast path and logs alike."""

import functools
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from app.config import RetrievalSettings
from app.domain.exports import ArchiveKind
from app.domain.timeline import hour_number, start_of_hour
from app.retrieval.builder import next_change
from app.web.responses import CACHE_CONTROL_ARCHIVE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

NEAR_HOURS: Final = (-1, 0, 1)  # whose codes are valid
_CODE_CHARACTERS: Final = 64


@dataclass(frozen=True)
class Download:
    """A kind of download: the first segment of its path, and what its archives hold."""

    prefix: str
    kind: ArchiveKind

    @property
    def route(self) -> str:
        """The route of the view, which is also logged (rule 71)."""
        return f"/{self.prefix}/<digits(3):region>/<digits(5):day>/<anything:auth>"


KEYS: Final = Download("retrieve", ArchiveKind.KEYS)
OUTBREAKS: Final = Download("qr", ArchiveKind.OUTBREAKS)
BY_PREFIX: Final = {download.prefix: download for download in (KEYS, OUTBREAKS)}
_ORIGIN: Final = re.compile(r"^https?://[^/?#]*", re.IGNORECASE)
_PATH: Final = re.compile(rf"/({'|'.join(BY_PREFIX)})/([0-9]{{3}})/([0-9]{{5}})/([0-9a-f]{{{_CODE_CHARACTERS}}})")
MAX_PATH_CHARACTERS: Final = max(len(prefix) for prefix in BY_PREFIX) + len("//302/18444/") + _CODE_CHARACTERS


@dataclass(frozen=True)
class DownloadPath:
    """The parts of a download's path: `auth` is the code, `day` five digits."""

    download: Download
    region: str
    day: str
    auth: str


def canonical_path(download: Download, region: str, day: str, auth: str) -> str:
    """Return the only path at which an archive is served: with the server's own region and the code in lower case.

    Caches store a response under the path of its request. Without a canonical path they would store the same archive
    thousands of times, and each new spelling of the path would reach this server.
    """
    return f"/{download.prefix}/{region}/{day}/{auth.lower()}"


def request_target(environ: "WSGIEnvironment") -> str:
    """Return the path and query of a request as the client wrote them, with escapes if the web server reports them.

    A client that takes this server for a proxy writes the scheme and host as well: gunicorn reports them.
    """
    written: str = _ORIGIN.sub("", environ.get("RAW_URI", ""))
    if written:
        return written
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def parse_path(path: str) -> DownloadPath | None:
    """Return the parts of a download's path, or None if it is not one. A code in capitals is not canonical."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    prefix, region, day, auth = match.groups()
    return DownloadPath(BY_PREFIX[prefix], region, day, auth)


def authentic_hour(given: str, key: bytes, region: str, period: str, now: datetime) -> int | None:
    """Return the hour number for which the code is valid: this hour, the last or the next; None for any other code.

    Phones' clocks differ, so all three are accepted (rule 73). A code is hexadecimal HMAC-SHA256 of
    `region:period:hour`, with the server's own region (rule 72) and the period as it is written in the path.
    """
    if not given.isascii():
        return None
    code, this_hour, found = given.lower(), hour_number(now), None
    for near, accepted in zip(NEAR_HOURS, _accepted_codes(key, region, period, this_hour), strict=True):
        if hmac.compare_digest(code, accepted):
            found = this_hour + near
    return found


def cache_control(settings: RetrievalSettings, period: int, hour: int, now: datetime) -> str:
    """Return for how long caches may keep an archive that was requested with the code of an hour.

    That is an hour, because phones request another address in each. A phone whose clock is fast requests the address of
    the next hour, though: if the archive changes when that hour begins, others must not get this one then.
    """
    if hour <= hour_number(now):
        return CACHE_CONTROL_ARCHIVE
    changes_at = next_change(settings, period, now)
    if start_of_hour(hour) < changes_at:
        return CACHE_CONTROL_ARCHIVE
    return f"public, max-age={int((changes_at - now).total_seconds())}"


# All phones send the same codes in an hour: three for each period.
@functools.lru_cache(maxsize=64)
def _accepted_codes(key: bytes, region: str, period: str, hour: int) -> tuple[str, ...]:
    return tuple(download_code(key, region, period, hour + near).hex() for near in NEAR_HOURS)


def download_code(key: bytes, region: str, period: str, hour: int) -> bytes:
    """Return the code of an archive's path in an hour (32 bytes). Only apps, which hold the key, can compute it."""
    return hmac.digest(key, f"{region}:{period}:{hour}".encode(), hashlib.sha256)

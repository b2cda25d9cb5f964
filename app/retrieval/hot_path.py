"""The short way of a download: what nearly every request of a day takes, without Flask's machinery.

It answers only what `views.archives` would answer with 200 or 304 from memory, byte for byte alike; everything else,
refusals included, is passed on to it. A test compares the two.
"""

import functools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from app.clock import Clock
from app.config import Settings
from app.domain.exports import PeriodUnavailable, check_period
from app.domain.timeline import hour_number, start_of_hour
from app.logs import log_served
from app.responses import CACHE_CONTROL_ARCHIVE, ZIP
from app.retrieval.auth import is_authentic
from app.retrieval.library import Library
from app.security import request_id
from app.store.export_archives import ArchiveKind

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH: Final = re.compile(r"/(retrieve|qr)/([0-9]{3})/([0-9]{5})/([0-9A-Fa-f]{64})")
_KINDS: Final = {"retrieve": ArchiveKind.KEYS, "qr": ArchiveKind.OUTBREAKS}


# In an hour, three codes for each of sixteen periods of each kind; and some that are refused.
_REMEMBERED_ADDRESSES: Final = 256
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_LONGEST_ADDRESS: Final = len("/retrieve/302/18444/") + 64


class _Address(NamedTuple):
    """An address at which an archive may be served in this hour, and its parts as they stand in it."""

    kind: ArchiveKind
    period: int
    prefix: str
    region: str
    day: str


class Answer(NamedTuple):
    """An answer to a download."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class HotPath:
    """WSGI middleware around the application."""

    def __init__(self, application: "WSGIApplication", library: Library, settings: Settings, clock: Clock) -> None:
        self._application = application
        self._library = library
        self._settings = settings
        self._clock = clock
        # All phones ask for the same few addresses, so each is judged once an hour.
        self._judged = functools.lru_cache(_REMEMBERED_ADDRESSES)(self._judge)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve an archive from memory, or pass the request on."""
        answer = None
        if environ["REQUEST_METHOD"] == "GET":
            answer = self.answer(
                environ["PATH_INFO"], environ.get("HTTP_X_REQUEST_ID", ""), environ.get("HTTP_IF_NONE_MATCH", "")
            )
        if answer is None:
            return self._application(environ, start_response)
        start_response("304 NOT MODIFIED" if answer.status == _NOT_MODIFIED else "200 OK", answer.headers)
        return [answer.body] if answer.body else []

    def answer(self, path: str, given_id: str, known: str) -> Answer | None:
        """Return the answer to a GET from memory, or None when the application must give it. It never waits.

        `given_id` is the request's X-Request-Id and `known` its If-None-Match, "" when absent.
        """
        now = self._clock()
        address = self._judged(path, hour_number(now)) if len(path) <= _LONGEST_ADDRESS else None
        archive = self._library.held(address.kind, address.period, now) if address else None
        if address is None or archive is None:
            return None
        identifier = request_id(given_id)
        etag = f'"{archive.etag}"'
        headers = [("Cache-Control", CACHE_CONTROL_ARCHIVE), ("ETag", etag), ("X-Request-Id", identifier)]
        # The tag is a digest in quotation marks, so it is in the header only where it is meant.
        unchanged = etag in known or known.strip() == "*"
        if not unchanged:
            headers += [("Content-Type", ZIP), ("Content-Length", str(len(archive.body)))]
        status = _NOT_MODIFIED if unchanged else _OK
        log_served(address.prefix, address.region, address.day, status, len(archive.body), identifier, now)
        return Answer(status, headers, b"" if unchanged else archive.body)

    def _judge(self, path: str, hour: int) -> _Address | None:
        """Return what a path asks for if its code and its period are good in this hour of unix time."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        prefix, region, day, code = match.groups()
        settings, moment = self._settings, start_of_hour(hour)
        if not is_authentic(code, settings.retrieve_hmac_key, settings.region_code, day, moment):
            return None
        try:
            check_period(int(day), moment, settings.export_policy)
        except PeriodUnavailable:
            return None
        return _Address(_KINDS[prefix], int(day), prefix, region, day)

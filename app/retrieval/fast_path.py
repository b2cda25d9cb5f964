"""The fast path of a download, which nearly every request takes: it bypasses Flask.

It answers only what the view would answer with 200 or 304 from memory, with the same bytes. Everything else, errors
included, is left to the application. A test compares the two.
"""

import functools
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from app.config import RETRIEVAL, RetrievalSettings
from app.domain.errors import PeriodUnavailableError
from app.domain.exports import check_period
from app.domain.timeline import hour_number, start_of_hour
from app.measuring.instruments import Instruments
from app.measuring.requests import mark_counted
from app.retrieval.archive_cache import ArchiveCache
from app.retrieval.downloads import (
    MAX_PATH_CHARACTERS,
    DownloadPath,
    authentic_hour,
    cache_control,
    parse_path,
    request_target,
)
from app.web.asgi import RawResponse
from app.web.context import Clock
from app.web.request_logs import log_download
from app.web.responses import ZIP, is_current
from app.web.security import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# In an hour: three codes for each of sixteen periods of each kind, and some that are refused.
_REMEMBERED_PATHS: Final = 256
_OK: Final = 200
_NOT_MODIFIED: Final = 304


class _Checked(NamedTuple):
    """A path that was checked: its parts, the hour for which its code is valid, and its period."""

    parts: DownloadPath
    hour: int
    period: int


class ArchiveFastPath:
    """Answers downloads from memory."""

    def __init__(
        self, archives: ArchiveCache, settings: RetrievalSettings, clock: Clock, instruments: Instruments
    ) -> None:
        self._archives = archives
        self._settings = settings
        self._clock = clock
        self._instruments = instruments
        # All phones request the same few paths, so each is checked once an hour.
        self._checked = functools.lru_cache(_REMEMBERED_PATHS)(self._check)

    def respond(self, target: str, given_id: str, if_none_match: str) -> RawResponse | None:
        """Return and count the response to a GET from memory, or None if the application must answer. It never waits.

        `target` is the path as the client wrote it, with its query: only the canonical address is served from memory.
        `given_id` is the request's X-Request-Id, and "" like `if_none_match` if absent.
        """
        started, now = time.perf_counter(), self._clock()
        checked = self._checked(target, hour_number(now)) if len(target) <= MAX_PATH_CHARACTERS else None
        if checked is None:
            return None
        parts, hour, period = checked
        archive = self._archives.cached(parts.download.kind, period, now)
        if archive is None:
            return None
        identifier = request_id(given_id)
        kept = cache_control(self._settings, period, hour, now)
        headers = [("Cache-Control", kept), ("ETag", f'"{archive.etag}"'), ("X-Request-Id", identifier)]
        unchanged = is_current(archive.etag, if_none_match)
        if not unchanged:
            headers += [("Content-Type", ZIP), ("Content-Length", str(len(archive.body)))]
        status = _NOT_MODIFIED if unchanged else _OK
        size = None if unchanged else len(archive.body)
        log_download(parts.download.route, parts.region, parts.day, status, size, identifier, now)
        seconds = time.perf_counter() - started
        self._instruments.count_request(RETRIEVAL, parts.download.route, "GET", status, seconds)
        return RawResponse(status, headers, b"" if unchanged else archive.body)

    def _check(self, path: str, this_hour: int) -> _Checked | None:
        """Return a path whose code and period are valid in this hour of unix time, or None."""
        parts = parse_path(path)
        settings, moment = self._settings, start_of_hour(this_hour)
        if parts is None or parts.region != settings.region_code:
            return None
        hour = authentic_hour(parts.auth, settings.retrieve_hmac_key, settings.region_code, parts.day, moment)
        if hour is None:
            return None
        period = int(parts.day)
        try:
            check_period(period, moment, settings.export_policy)
        except PeriodUnavailableError:
            return None
        return _Checked(parts, hour, period)


class FastPathMiddleware:
    """WSGI middleware: serves downloads on the fast path, and calls the application for everything else."""

    def __init__(self, application: "WSGIApplication", fast_path: ArchiveFastPath) -> None:
        self._application = application
        self._fast_path = fast_path

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        response = None
        if environ["REQUEST_METHOD"] == "GET":
            given_id, known = environ.get("HTTP_X_REQUEST_ID", ""), environ.get("HTTP_IF_NONE_MATCH", "")
            response = self._fast_path.respond(request_target(environ), given_id, known)
        if response is None:
            return self._application(environ, start_response)
        mark_counted(environ)
        start_response("304 NOT MODIFIED" if response.status == _NOT_MODIFIED else "200 OK", response.headers)
        return [response.body] if response.body else []

"""The fast path of a download, which nearly every request takes: it bypasses Flask.

It answers only what the view would answer with 200 or 304 from memory, with the same bytes. Everything else, errors
included, is passed on to the application. A test compares the two.
"""

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from app.config import RetrievalSettings
from app.domain.errors import PeriodUnavailableError
from app.domain.exports import check_period
from app.domain.timeline import hour_number, start_of_hour
from app.retrieval.archive_cache import ArchiveCache
from app.retrieval.downloads import HEADERS, MAX_PATH_CHARACTERS, DownloadPath, is_authentic, is_canonical, parse_path
from app.web.context import Clock
from app.web.logs import log_download
from app.web.responses import ZIP, is_current
from app.web.security import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# In an hour: three codes for each of sixteen periods of each kind, and some that are refused.
_REMEMBERED_PATHS: Final = 256


class ArchiveFastPath:
    """WSGI middleware around the application."""

    def __init__(
        self, application: "WSGIApplication", archives: ArchiveCache, settings: RetrievalSettings, clock: Clock
    ) -> None:
        self._application = application
        self._archives = archives
        self._settings = settings
        self._clock = clock
        # All phones request the same few paths, so each is checked once an hour.
        self._checked = functools.lru_cache(_REMEMBERED_PATHS)(self._check)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve an archive from memory, or call the application."""
        now, path = self._clock(), environ["PATH_INFO"]
        is_download = environ["REQUEST_METHOD"] == "GET" and len(path) <= MAX_PATH_CHARACTERS
        parts = self._checked(path, hour_number(now)) if is_download and is_canonical(environ, path) else None
        archive = self._archives.cached(parts.download.kind, int(parts.day), now) if parts else None
        if parts is None or archive is None:
            return self._application(environ, start_response)
        identifier = request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        headers = [*HEADERS.items(), ("ETag", f'"{archive.etag}"'), ("X-Request-Id", identifier)]
        unchanged = is_current(archive.etag, environ.get("HTTP_IF_NONE_MATCH", ""))
        if not unchanged:
            headers += [("Content-Type", ZIP), ("Content-Length", str(len(archive.body)))]
        start_response("304 NOT MODIFIED" if unchanged else "200 OK", headers)
        status = 304 if unchanged else 200
        log_download(parts.download.route, parts.region, parts.day, status, len(archive.body), identifier, now)
        return [] if unchanged else [archive.body]

    def _check(self, path: str, hour: int) -> DownloadPath | None:
        """Return the parts of a path whose code and period are valid in this hour of unix time, or None."""
        parts = parse_path(path)
        settings, moment = self._settings, start_of_hour(hour)
        if parts is None or parts.region != settings.region_code:
            return None
        if not is_authentic(parts.auth, settings.retrieve_hmac_key, settings.region_code, parts.day, moment):
            return None
        try:
            check_period(int(parts.day), moment, settings.export_policy)
        except PeriodUnavailableError:
            return None
        return parts

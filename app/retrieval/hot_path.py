"""The short way of a download: what nearly every request of a day takes, without Flask's machinery.

It answers only what `views.archives` would answer with 200 or 304 from memory, byte for byte alike; everything else,
refusals included, is passed on to it. A test compares the two.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from app.clock import Clock
from app.config import Settings
from app.domain.exports import PeriodUnavailable, check_period
from app.logs import log_served
from app.responses import CACHE_CONTROL_ARCHIVE, ZIP
from app.retrieval.auth import is_authentic
from app.retrieval.library import Library, ServedArchive
from app.security import request_id
from app.store.export_archives import ArchiveKind

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH: Final = re.compile(r"/(retrieve|qr)/([0-9]{3})/([0-9]{5})/([0-9A-Fa-f]{64})")
_KINDS: Final = {"retrieve": ArchiveKind.KEYS, "qr": ArchiveKind.OUTBREAKS}


class HotPath:
    """WSGI middleware around the application."""

    def __init__(self, application: "WSGIApplication", library: Library, settings: Settings, clock: Clock) -> None:
        self._application = application
        self._library = library
        self._settings = settings
        self._clock = clock

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve an archive from memory, or pass the request on."""
        match = _PATH.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "GET" else None
        if match is None:
            return self._application(environ, start_response)
        prefix, region, day, code = match.groups()
        archive = self._find(_KINDS[prefix], day, code, self._clock())
        if archive is None:
            return self._application(environ, start_response)
        identifier = request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        etag = f'"{archive.etag}"'
        headers = [("Cache-Control", CACHE_CONTROL_ARCHIVE), ("ETag", etag), ("X-Request-Id", identifier)]
        # The tag is a digest in quotation marks, so it stands in the header only where it is meant.
        unchanged = etag in environ.get("HTTP_IF_NONE_MATCH", "")
        if not unchanged:
            headers += [("Content-Type", ZIP), ("Content-Length", str(len(archive.body)))]
        start_response("304 NOT MODIFIED" if unchanged else "200 OK", headers)
        log_served(prefix, region, day, 304 if unchanged else 200, len(archive.body), identifier)
        return [] if unchanged else [archive.body]

    def _find(self, kind: ArchiveKind, day: str, code: str, now: datetime) -> ServedArchive | None:
        archive = self._library.held(kind, int(day), now)
        settings = self._settings
        if archive is None or not is_authentic(code, settings.retrieve_hmac_key, settings.region_code, day, now):
            return None
        try:
            check_period(int(day), now, settings.export_policy)
        except PeriodUnavailable:
            return None
        return archive

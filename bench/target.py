"""A server to measure: its URLs, tokens and keys, and requests to it."""

import hashlib
import hmac
import http.client
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from app.domain.timeline import SECONDS_PER_DAY, SECONDS_PER_HOUR
from app.retrieval.archive_reader import read_archive
from bench.usage import Watched

_TIMEOUT_SECONDS: Final = 120  # a server that builds archives on request may be slow


class Skipped(Exception):  # noqa: N818 - an outcome, not an error
    """A scenario cannot run on a server; the text states why."""


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: Mapping[str, str]  # lowercase names
    body: bytes


@dataclass(frozen=True)
class Target:
    """A running server. `database_url` is set for our own service only, whose rows can be inserted directly."""

    name: str
    submission_url: str
    retrieval_url: str
    token: str
    hmac_key: bytes
    region: str = "302"
    watched: Watched = field(default_factory=Watched)
    database_url: str = ""
    sealing_key: bytes = b""

    def retrieval_path(self, period: int) -> str:
        """Return the path of a period's archive with the code of this hour (protocol rules 71 and 73)."""
        message = f"{self.region}:{period:05d}:{int(time.time()) // SECONDS_PER_HOUR}"
        code = hmac.new(self.hmac_key, message.encode(), hashlib.sha256).hexdigest()
        return f"/retrieve/{self.region}/{period:05d}/{code}"

    def fetch(self, period: int) -> Answer:
        """Fetch a period's archive."""
        return request(self.retrieval_url, "GET", self.retrieval_path(period))


def today() -> int:
    """Return the number of the current day."""
    return int(time.time()) // SECONDS_PER_DAY


def keys_in(archive: bytes) -> int:
    """Return the number of keys in an archive; raise InvalidArchiveError if it is malformed."""
    return len(read_archive(io.BytesIO(archive)).keys)


def request(
    base_url: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request on its own connection."""
    connection = connect(base_url)
    try:
        return exchange(connection, method, path, body, headers)
    finally:
        connection.close()


def connect(base_url: str) -> http.client.HTTPConnection:
    """Return a connection for several requests, without TLS, which is not measured."""
    parts = urlsplit(base_url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"{base_url} is not an address that begins with http://")
    return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_TIMEOUT_SECONDS)


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request on an open connection."""
    connection.request(method, path, body, dict(headers or {}))
    response = connection.getresponse()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

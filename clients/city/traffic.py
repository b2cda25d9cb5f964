"""The city's connections to the server, and what was measured on them."""

import threading
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from clients.authority import request_code
from clients.phone.protocol import Server
from clients.phone.settings import Settings

# A busy server may ask to wait; what it refuses (400, 401, 403) is never sent again. A claim is not sent again after a
# lost answer, because a code works once: only a 503 means that it was not processed.
_RETRY = Retry(
    total=5,
    connect=5,
    read=0,
    other=0,
    status_forcelist=[503],
    allowed_methods=None,
    backoff_factor=0.2,
    raise_on_status=False,
)


class Traffic:
    """Gives each thread a connection of its own, and keeps the duration of every answer by kind of request."""

    def __init__(self, settings: Settings, token: str) -> None:
        """Use the server of `settings`; `token` is the health authority's."""
        self._settings = settings
        self._token = token
        self._local = threading.local()
        self.milliseconds: defaultdict[str, array[float]] = defaultdict(lambda: array("f"))
        self.statuses: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    @property
    def server(self) -> Server:
        """This thread's server."""
        if not hasattr(self._local, "server"):
            self._local.session = self._session()
            self._local.server = Server(self._settings, self._local.session)
        server: Server = self._local.server
        return server

    def request_code(self) -> str:
        """Return a new one-time code, as a health authority requests it."""
        _ = self.server
        return request_code(self._local.session, self._settings.submission_url, self._token)

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # looking for proxies before each request costs more than a request does here
        session.mount("http://", HTTPAdapter(max_retries=_RETRY))
        session.mount("https://", HTTPAdapter(max_retries=_RETRY))
        session.hooks["response"].append(self._measure)
        return session

    def _measure(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        kind = urlsplit(answer.url).path.split("/")[1]
        with self._lock:
            self.milliseconds[kind].append(answer.elapsed.total_seconds() * 1000)
            self.statuses[kind, answer.status_code] += 1


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which a share of ordered values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

"""Normal traffic: patients, phones that download, and people who look at the pages."""

import threading
from collections import Counter
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from tests.support.load import Load
from tests.support.stack import Stack

# Of each client, between two requests: ten requests a second in all.
_PAUSE_SECONDS: Final = 0.5
_PAGES: Final = ("/en/sign-in", "/share", "/status/en")
_PATIENCE_SECONDS: Final = 30
# How many events of each objective that makes a minute. Jobs and checks are those of the service itself.
PER_MINUTE: Final = {
    "codes-availability": 90,
    "codes-latency": 90,
    "claims-availability": 90,
    "claims-latency": 90,
    "claims-success": 90,
    "uploads-availability": 180,
    "uploads-latency": 180,
    "downloads-availability": 240,
    "downloads-latency": 240,
    "portal-availability": 60,
    "sharing-availability": 60,
    "archives-freshness": 1,
    "purge-timeliness": 1,
    "jobs-success": 12,
}


class Traffic:
    """Requests from several threads until the end of the block. Failures are counted, and end nothing."""

    def __init__(self, service: Stack) -> None:
        self.service = service
        self.load = Load(service, pause_seconds=_PAUSE_SECONDS)
        self.pages: Counter[int | str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)

    def __enter__(self) -> "Traffic":
        self.load.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_PATIENCE_SECONDS + 5)
        self.load.__exit__()

    def summary(self) -> str:
        """Return how many requests there were, and the failures by route and outcome."""
        failed = {what: n for what, n in self.pages.items() if isinstance(what, str) or what >= HTTPStatus.BAD_REQUEST}
        pages = "".join(f"; page {what} x{n}" for what, n in sorted(failed.items(), key=str))
        return f"{len(self.load.exchanges) + self.pages.total()} requests; failed: {self.load.summary()}{pages}"

    def _visit(self) -> None:
        while not self._stop.wait(1):
            for path in _PAGES:
                status, _ = fetch(self.service.port, path)
                self.pages[status] += 1


def fetch(port: int, path: str) -> tuple[int | str, str]:
    """Return the status and the text of a page; the name of the error and nothing if there was no response."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, HTTPException) as error:
        return type(error).__name__, ""
    finally:
        connection.close()

"""A light load of phones that record all responses: patients upload, others download."""

import base64
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Final, Protocol

from app.proto import covidshield_pb2 as wire
from clients.phone.protocol import claim_message
from tests.support.service import Phone, download_code, exposure_key
from tests.support.volley import Request, upload_body

_PATIENTS: Final = 3
_DOWNLOADERS: Final = 2
# Far beyond every limit of the service.
_PATIENCE_SECONDS: Final = 60
# Errors of a connection that was closed before any part of a response.
_CLOSED: Final = ("RemoteDisconnected", "ConnectionResetError")

# The exact body of each route's server error.
FAULTS: Final = {
    "code": b"server error\n",
    "claim": b"\x08\x03\x18\x00",
    "upload": b"\x08\x05",
    "download": b"database error\n",
    "events": b"error retrieving events\n",
    "ping": None,
}

_numbers = itertools.count(1)


class Running(Protocol):
    """A running service."""

    port: int

    def setting(self, name: str) -> str:
        """Return a setting."""


@dataclass(frozen=True)
class Exchange:
    """A request and its outcome: a status, or the name of the error that ended the connection."""

    route: str
    outcome: int | str
    body: bytes
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """The seconds that the client waited."""
        return self.ended - self.began

    @property
    def failed(self) -> bool:
        """Whether the request failed. The load sends nothing that may be refused."""
        return self.outcome != 200


@dataclass
class Load:
    """Requests from several threads until the end of the block, and their outcomes."""

    service: Running
    pause_seconds: float = 0.02  # of each client, between two requests
    # Whether a client sends a request once more if its connection was closed before any part of a response. If it had
    # been run, it would fail the second time: a code that was claimed is refused, for example.
    repeats: bool = False
    exchanges: list[Exchange] = field(default_factory=list)
    closed: list[Exchange] = field(default_factory=list)  # that were sent once more
    acknowledged: list[set[bytes]] = field(default_factory=list)
    unacknowledged: list[set[bytes]] = field(default_factory=list)
    granted: list[bytes] = field(default_factory=list)  # the phone keys of claims that succeeded
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _broken: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> "Load":
        for work in [self._be_a_patient] * _PATIENTS + [self._download] * _DOWNLOADERS + [self._watch]:
            thread = threading.Thread(target=self._repeat, args=(work,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS + 5)
        assert not any(thread.is_alive() for thread in self._threads)
        assert self._broken == []

    # outcomes

    @property
    def failures(self) -> list[Exchange]:
        """The requests that failed."""
        return [exchange for exchange in self.exchanges if exchange.failed]

    @property
    def slowest(self) -> Exchange:
        """The request whose client waited longest."""
        return max(self.exchanges, key=lambda exchange: exchange.seconds)

    def summary(self) -> str:
        """Return the failures by route and outcome."""
        counts = Counter((exchange.route, exchange.outcome) for exchange in self.failures)
        return "; ".join(f"{route} {what} x{n}" for (route, what), n in sorted(counts.items(), key=str)) or "none"

    def is_well_since(self, moment: float) -> bool:
        """Return whether every route has succeeded since `moment`, and none has failed in the last two seconds."""
        ended = [exchange for exchange in self.exchanges if exchange.began > moment]
        calm_since = time.monotonic() - 2
        calm = calm_since > moment and not any(exchange.failed and exchange.ended > calm_since for exchange in ended)
        return calm and {exchange.route for exchange in ended if not exchange.failed} == set(FAULTS)

    # clients

    def _repeat(self, work: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                work()
        except BaseException as error:
            self._broken.append(error)
            raise

    def _be_a_patient(self) -> None:
        token = self.service.setting("KEY_CLAIM_TOKEN").partition("=")[0]
        code = self._send("code", Request("POST", "/new-key-claim", headers={"Authorization": f"Bearer {token}"}))
        if code is None:
            self._stop.wait(
                3 * self.pause_seconds
            )  # as long as the rest of a round, so that as many codes are asked for
            return
        phone = Phone()
        number = next(_numbers)
        network = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        body = claim_message(code.decode().strip(), phone.public_key)
        granted = self._send("claim", Request("POST", "/claim-key", body, network))
        if granted is None:
            return
        self.granted.append(phone.public_key)
        phone.server_public_key = wire.KeyClaimResponse.FromString(granted).server_public_key
        for _ in range(2):
            keys = list(self._new_keys())
            done = self._send("upload", Request("POST", "/upload", upload_body(phone, keys), network))
            found = {key.key_data for key in keys}
            (self.unacknowledged if done is None else self.acknowledged).append(found)

    def _new_keys(self) -> Iterator[wire.TemporaryExposureKey]:
        start = (int(time.time()) // 86400 - 2) * 144
        for _ in range(3):
            yield exposure_key(next(_numbers), rolling_start_interval_number=start)

    def _download(self) -> None:
        now = datetime.now(UTC)
        today = int(now.timestamp()) // 86400
        for day in (today, today - 1, 0):
            code = download_code(day, now, key=self.service.setting("RETRIEVE_HMAC_KEY"))
            self._send("download", Request("GET", f"/retrieve/302/{day:05d}/{code}"))

    def _watch(self) -> None:
        self._send("ping", Request("GET", "/services/ping"))
        names = ("METRICS_USERNAME", "METRICS_PASSWORD")
        credentials = base64.b64encode(":".join(map(self.service.setting, names)).encode()).decode()
        path = f"/events/{datetime.now(UTC).date().isoformat()}"
        self._send("events", Request("GET", path, headers={"Authorization": f"Basic {credentials}"}))
        self._stop.wait(0.1)

    def _send(self, route: str, request: Request) -> bytes | None:
        """Send a request on its own connection; return the body of a successful response, else None."""
        began = time.monotonic()
        outcome, body = self._exchange(request)
        if self.repeats and outcome in _CLOSED:
            self.closed.append(Exchange(route, outcome, body, began, time.monotonic()))
            outcome, body = self._exchange(request)
        self.exchanges.append(Exchange(route, outcome, body, began, time.monotonic()))
        self._stop.wait(self.pause_seconds if outcome == 200 else max(self.pause_seconds, 0.2))
        return body if outcome == 200 else None

    def _exchange(self, request: Request) -> tuple[int | str, bytes]:
        """Send a request; return the status, or the name of the error that ended the connection, and the body."""
        connection = HTTPConnection("127.0.0.1", self.service.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(request.method, request.path, request.body or None, request.headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            return type(error).__name__, b""
        finally:
            connection.close()

"""Open-loop load: requests are sent at fixed times, independently of the responses.

Times are random, like those of independent phones. Latency is measured from the scheduled time of a request, so that a
stalled server does not slow down the load, and the delay of waiting requests is included. (A closed-loop driver such as
wrk omits it: "coordinated omission".)

The driver is one process with non-blocking sockets. At some thousand requests a second it uses a small part of the CPU
time of the server.
"""

import gc
import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from bench.figures import MILLISECONDS, Figures, percentile

CONNECTIONS: Final = 64

_PATIENCE_SECONDS: Final = 10.0  # after the last request was due
_BUFFER_BYTES: Final = 1 << 20
_LONGEST_WAIT_SECONDS: Final = 0.05
_HEAD_END: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_LOWEST_ERROR: Final = 400


@dataclass(frozen=True)
class Planned:
    """A request to a server, due a number of seconds after the start."""

    due: float
    base_url: str
    request: bytes


class _Connection:
    """A persistent connection with at most one request at a time."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.due = 0.0
        self._head = bytearray()
        self._missing: int | None = None  # bytes of the body not received yet; None before the header is complete
        self._is_chunked = False
        self.status = 0
        self.must_close = False
        self.socket = self._connect()

    def _connect(self) -> socket.socket:
        parts = urlsplit(self.base_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = socket.create_connection((parts.hostname, port), timeout=_PATIENCE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _encrypted(connection, parts.hostname or "") if parts.scheme == "https" else connection

    def send(self, planned: Planned) -> None:
        self.due = planned.due
        self._head.clear()
        self._missing, self._is_chunked, self.must_close = None, False, False
        self.socket.sendall(planned.request)

    def receive(self, buffer: bytearray) -> bool:
        """Receive data; return whether the response is complete. Raises OSError if the server closed the connection."""
        count = self.socket.recv_into(buffer)
        if count == 0:
            raise ConnectionResetError
        if self._missing is None:
            self._head += memoryview(buffer)[:count]
            end = self._head.find(_HEAD_END)
            if end < 0:
                return False
            self._read_head(end)
        elif not self._is_chunked:
            self._missing -= count
        if self._is_chunked:
            return bytes(memoryview(buffer)[max(0, count - len(_LAST_CHUNK)) : count]) == _LAST_CHUNK
        return self._missing is not None and self._missing <= 0

    def _read_head(self, end: int) -> None:
        head = bytes(self._head[:end]).lower()
        self.status = int(head[9:12])
        self.must_close = b"\r\nconnection: close" in head
        self._is_chunked = b"\r\ntransfer-encoding: chunked" in head
        _, found, rest = head.partition(b"\r\ncontent-length:")
        length = int(rest.partition(b"\r\n")[0]) if found else 0
        self._missing = length - (len(self._head) - end - len(_HEAD_END))

    def reopen(self) -> None:
        self.socket.close()
        self.socket = self._connect()


def _encrypted(connection: socket.socket, host: str) -> socket.socket:
    """Return a connection with TLS 1.2: in later versions a server sends tickets that would look like a response."""
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context.wrap_socket(connection, server_hostname=host)


@dataclass
class _Run:
    """The state of a run: waiting requests, free connections, and measurements."""

    selector: selectors.DefaultSelector
    free: dict[str, list[_Connection]]
    waiting: dict[str, deque[Planned]]
    busy: int = 0
    latencies: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    errors: int = 0


def drive(plan: Sequence[Planned], connections: int = CONNECTIONS) -> Figures:
    """Send every request when it is due, and wait for the responses."""
    addresses = sorted({planned.base_url for planned in plan})
    with selectors.DefaultSelector() as selector:
        run = _Run(selector, {url: [] for url in addresses}, {url: deque() for url in addresses})
        opened = [_Connection(url) for url in addresses for _ in range(connections)]
        try:
            for connection in opened:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                run.free[connection.base_url].append(connection)
            gc.disable()  # a pause of the driver would look like one of the server
            elapsed = _loop(run, plan)
        finally:
            gc.enable()
            for connection in opened:
                connection.socket.close()
    return _figures(run, plan, elapsed)


def _loop(run: _Run, plan: Sequence[Planned]) -> float:
    began, sent, buffer = time.monotonic(), 0, bytearray(_BUFFER_BYTES)
    end = plan[-1].due + _PATIENCE_SECONDS
    while sent < len(plan) or run.busy or any(run.waiting.values()):
        now = time.monotonic() - began
        if now > end:
            break
        while sent < len(plan) and plan[sent].due <= now:
            run.lateness.append(now - plan[sent].due)
            run.waiting[plan[sent].base_url].append(plan[sent])
            sent += 1
        _send_waiting(run)
        until_next = plan[sent].due - now if sent < len(plan) else _LONGEST_WAIT_SECONDS
        for key, _ in run.selector.select(min(until_next, _LONGEST_WAIT_SECONDS)):
            _receive(run, key.data, buffer, began)
    return time.monotonic() - began


def _send_waiting(run: _Run) -> None:
    for url, waiting in run.waiting.items():
        while waiting and run.free[url]:
            connection = run.free[url].pop()
            try:
                connection.send(waiting.popleft())
                run.busy += 1
            except OSError:
                run.errors += 1
                _replace(run, connection)


def _receive(run: _Run, connection: _Connection, buffer: bytearray, began: float) -> None:
    try:
        if not connection.receive(buffer):
            return
    except (OSError, ValueError):
        is_idle = connection in run.free[connection.base_url]  # a server may close an idle connection
        if is_idle:
            run.free[connection.base_url].remove(connection)
        else:
            run.errors += 1
            run.busy -= 1
        _replace(run, connection)
        return
    run.latencies.append(time.monotonic() - began - connection.due)
    run.errors += connection.status >= _LOWEST_ERROR
    run.busy -= 1
    if connection.must_close:
        _replace(run, connection)
    else:
        run.free[connection.base_url].append(connection)


def _replace(run: _Run, connection: _Connection) -> None:
    run.selector.unregister(connection.socket)
    connection.reopen()
    run.selector.register(connection.socket, selectors.EVENT_READ, connection)
    run.free[connection.base_url].append(connection)


def _figures(run: _Run, plan: Sequence[Planned], elapsed: float) -> Figures:
    latencies, lateness = sorted(run.latencies) or [0.0], sorted(run.lateness) or [0.0]
    unanswered = len(plan) - len(run.latencies) - run.errors
    return Figures(
        per_second=len(run.latencies) / elapsed,
        p50_ms=percentile(latencies, 50) * MILLISECONDS,
        p95_ms=percentile(latencies, 95) * MILLISECONDS,
        p99_ms=percentile(latencies, 99) * MILLISECONDS,
        requests=len(run.latencies),
        errors=run.errors + max(0, unanswered),
        parts={
            "longest_ms": latencies[-1] * MILLISECONDS,
            "driver_late_p99_ms": percentile(lateness, 99) * MILLISECONDS,
        },
    )

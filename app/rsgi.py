"""The application behind RSGI, the interface that granian offers: https://github.com/emmett-framework/granian

Granian speaks HTTP in compiled code, and an event loop waits for its clients. A request takes one of the few threads
only when all of it has arrived, and gives it back before the client has read the answer, so slow clients hold no
thread. Through WSGI a thread would wait for a slow body, and a header field `X_Forwarded_For` would replace the
proxy's `X-Forwarded-For`, since WSGI has one name for both.
"""

import asyncio
import io
import logging
import queue
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

from granian.rsgi import ProtocolClosed, ProtocolError

from app.logs import describe
from app.retrieval.hot_path import HotPath

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_logger = logging.getLogger(__name__)

BODY_SECONDS: Final = 10.0

Headers = list[tuple[str, str]]


class Scope(Protocol):
    """A request's first line and header, as RSGI gives them. The names of header fields are in small letters."""

    method: str
    path: str  # decoded; what is no UTF-8 in it has become U+FFFD
    query_string: str
    http_version: str
    scheme: str
    server: str  # with the port
    client: str
    authority: str | None
    headers: Any


class Exchange(Protocol):
    """A request's body and the way to answer, as RSGI gives them. Any thread may answer, once."""

    async def __call__(self) -> bytes:
        """Return the whole body."""

    def __aiter__(self) -> Any:
        """Return the body piece by piece."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer."""


class _TruncatedBody(io.BytesIO):
    """A body whose sender stopped before its end. Reading it fails, as with other servers."""

    def read(self, _size: int | None = -1, /) -> bytes:
        """Raise ConnectionError."""
        raise ConnectionError("the request's body is not complete")


class RsgiApplication:
    """Serves a WSGI application to granian with some threads, and archives from memory without one."""

    def __init__(
        self,
        application: "WSGIApplication",
        hot_path: HotPath | None,
        *,
        threads: int,
        max_body_bytes: int,
        is_behind_proxies: bool,
    ) -> None:
        self._application = application
        self._hot_path = hot_path
        self._threads = threads
        self._max_body_bytes = max_body_bytes  # that any route reads: of a longer body the rest stays unread
        self._is_behind_proxies = is_behind_proxies  # which say by X-Forwarded-Proto what clients speak
        self._requests: queue.SimpleQueue[tuple[WSGIEnvironment, Exchange, asyncio.Future[None]]] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the threads. Granian calls this once, in the process that serves."""
        self._loop = loop
        for number in range(self._threads):
            threading.Thread(target=self._work, name=f"web-{number}", daemon=True).start()

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        method, headers = scope.method, scope.headers
        if self._hot_path is not None and method == "GET":
            known = ",".join(headers.get_all("if-none-match")) if "if-none-match" in headers else ""
            answer = self._hot_path.answer(scope.path, headers.get("x-request-id") or "", known)
            if answer is not None:
                exchange.response_bytes(*answer)
                return
        try:
            body = await self._read_body(headers, exchange)
        except TimeoutError:
            _answer_plainly(exchange, HTTPStatus.REQUEST_TIMEOUT)
            return
        environ = _environment(scope, method, headers, body)
        if self._is_behind_proxies and environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            environ["wsgi.url_scheme"] = "https"
        done = self._loop.create_future()
        self._requests.put((environ, exchange, done))
        await done  # else granian would answer in place of the thread

    async def _read_body(self, headers: Any, exchange: Exchange) -> io.BytesIO:
        """Return the body, or of one that is too long for every route its beginning. Raises TimeoutError."""
        length = None if "transfer-encoding" in headers else int(headers.get("content-length") or "0")
        if length == 0:
            return io.BytesIO()
        async with asyncio.timeout(BODY_SECONDS):
            if length is not None and length <= self._max_body_bytes:
                try:
                    return io.BytesIO(await exchange())
                except (ProtocolClosed, ProtocolError):
                    return _TruncatedBody()
            received = bytearray()
            async for piece in exchange:
                received += piece
                if len(received) > self._max_body_bytes:
                    return io.BytesIO(received)
            return io.BytesIO(received) if length is None else _TruncatedBody()

    def _work(self) -> None:
        while True:
            environ, exchange, done = self._requests.get()
            try:
                _respond(self._application, environ, exchange)
            except BaseException as error:  # SystemExit in a request must not cost a thread
                _logger.error("request failed outside the application", extra={"error": describe(error)})
                _answer_plainly(exchange, HTTPStatus.INTERNAL_SERVER_ERROR)
            self._loop.call_soon_threadsafe(done.set_result, None)


def _respond(application: "WSGIApplication", environ: "WSGIEnvironment", exchange: Exchange) -> None:
    started: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _error: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return _refuse_to_write

    pieces = application(environ, start_response)
    try:
        body = b"".join(pieces)
    finally:
        if (close := getattr(pieces, "close", None)) is not None:
            close()
    status, headers = started[-1]
    exchange.response_bytes(int(status[:3]), headers, body)


def _refuse_to_write(_: bytes) -> object:
    raise NotImplementedError("the WSGI function `write` is not offered")


def _answer_plainly(exchange: Exchange, status: HTTPStatus) -> None:
    header = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "close"),
    ]
    exchange.response_bytes(status.value, header, (status.phrase.lower() + "\n").encode())


def _environment(scope: Scope, method: str, headers: Any, body: io.BytesIO) -> "WSGIEnvironment":
    server, _, port = scope.server.rpartition(":")
    version = "1.0" if scope.http_version == "1" else scope.http_version
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{version}",
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "HTTP_HOST": scope.authority or "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    fields: dict[str, str] = {}
    for name, value in headers.items():
        if "_" in name:  # it would be taken for the field with a hyphen, which only a proxy may write
            continue
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    for name, value in fields.items():
        environ[_NAMES.get(name) or "HTTP_" + name.upper().replace("-", "_")] = value
    return environ


_NAMES: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

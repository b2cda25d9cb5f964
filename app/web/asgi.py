"""The application in granian: ASGI, with a few threads for requests that wait for PostgreSQL.

An event loop waits for clients. A request takes a thread only when all of it has arrived, and releases it before the
client reads the response, so slow clients occupy no thread. With WSGI a thread would wait for a slow body, and a header
field `X_Forwarded_For` would replace the proxy's `X-Forwarded-For`, because WSGI has one name for both.
"""

import asyncio
import io
import logging
import queue
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes

from app.web.logs import describe

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_logger = logging.getLogger(__name__)

# How long a client may take to send a body, and to read each piece of a response.
BODY_SECONDS: Final = 10.0
_PIECE_SECONDS: Final = 60.0
_PIECE_BYTES: Final = 262_144
# How long a request may wait for a thread, while those of others wait for PostgreSQL. Clients and routers give up after
# 30 seconds: a claim that runs later uses up a code for nothing, and delays requests of clients that still wait.
QUEUE_SECONDS: Final = 20.0
# Load balancers ask here whether the process responds. These routes wait for no server, and have a thread of their own,
# so that a database that does not respond does not take the process, and the archives in its memory, out of service.
_PROMPT_PATHS: Final = frozenset({b"/services/ping", b"/services/present"})

_NAMES: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[str, str]]


class RawResponse(NamedTuple):
    """A response: its status code, header fields and body."""

    status: int
    headers: Headers
    body: bytes


# Counts a request that is refused before the application receives it, from its method and status.
CountRefusal = Callable[[str, int], None]
# Answers a GET from memory, without waiting, from its target, X-Request-Id and If-None-Match; None if it cannot.
FastPath = Callable[[str, str, str], RawResponse | None]


class _Request(NamedTuple):
    """A request that waits for a thread since `queued`, in seconds of the monotonic clock."""

    environ: "WSGIEnvironment"
    response: "asyncio.Future[RawResponse]"
    queued: float


class _TruncatedBody(io.BytesIO):
    """A body whose client stopped before its end. Reading it fails, as with other servers."""

    def read(self, _size: int | None = -1, /) -> bytes:
        """Raise ConnectionError."""
        raise ConnectionError("the request's body is incomplete")


class AsgiApplication:
    """Serves a WSGI application with a few threads, and archives from memory on the event loop."""

    def __init__(
        self,
        application: "WSGIApplication",
        fast_path: FastPath | None,
        *,
        threads: int,
        max_body_bytes: int,
        is_behind_proxies: bool,
        count_refusal: CountRefusal | None = None,
    ) -> None:
        self._application = application
        self._fast_path = fast_path
        self._count_refusal = count_refusal
        self._max_body_bytes = max_body_bytes  # the most that a route reads: the rest of a longer body stays unread
        self._is_behind_proxies = is_behind_proxies  # which send the client's protocol in X-Forwarded-Proto
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._prompt_requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        for number, requests in enumerate([self._requests] * threads + [self._prompt_requests]):
            threading.Thread(target=self._work, args=(requests,), name=f"web-{number}", daemon=True).start()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fields = _fields(scope["headers"])
        if self._fast_path is not None and scope["method"] == "GET":
            served = self._fast_path(_target(scope), fields.get("x-request-id", ""), fields.get("if-none-match", ""))
            if served is not None:
                await _send(send, served)
                return
        try:
            body = await self._read_body(fields, receive)
        except TimeoutError:
            if self._count_refusal is not None:
                self._count_refusal(scope["method"], HTTPStatus.REQUEST_TIMEOUT)
            await _send(send, _plain(HTTPStatus.REQUEST_TIMEOUT))
            return
        environ = _environment(scope, fields, body)
        if self._is_behind_proxies and fields.get("x-forwarded-proto") == "https":
            environ["wsgi.url_scheme"] = "https"
        response: asyncio.Future[RawResponse] = asyncio.get_running_loop().create_future()
        requests = self._prompt_requests if scope["raw_path"] in _PROMPT_PATHS else self._requests
        requests.put(_Request(environ, response, monotonic()))
        await _send(send, await response)

    async def _read_body(self, fields: dict[str, str], receive: Receive) -> io.BytesIO:
        """Return the body, or the beginning of one that is too long for every route. Raises TimeoutError."""
        expected = _body_bytes(fields)
        if expected == 0:
            return io.BytesIO()
        received = bytearray()
        async with asyncio.timeout(BODY_SECONDS):
            # granian reports the end of a body in a message of its own. A body of known length is complete without it.
            while len(received) <= self._max_body_bytes and len(received) != expected:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return _TruncatedBody()
                received += message["body"]
                if not message["more_body"]:
                    break
        return io.BytesIO(received)

    def _work(self, requests: "queue.SimpleQueue[_Request]") -> None:
        while True:
            environ, response, queued = requests.get()
            result = self._late(environ) if monotonic() - queued >= QUEUE_SECONDS else self._run(environ)
            response.get_loop().call_soon_threadsafe(response.set_result, result)

    def _run(self, environ: "WSGIEnvironment") -> RawResponse:
        try:
            return _respond(self._application, environ)
        except BaseException as error:  # SystemExit in a request must not end the thread
            _logger.error("request failed outside the application", extra={"error": describe(error)})
            return _plain(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _late(self, environ: "WSGIEnvironment") -> RawResponse:
        _logger.error("request not run: no thread in time")
        if self._count_refusal is not None:
            self._count_refusal(environ["REQUEST_METHOD"], HTTPStatus.SERVICE_UNAVAILABLE)
        return _plain(HTTPStatus.SERVICE_UNAVAILABLE)


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the header fields of a request by lower-case name; repeated fields are joined with commas.

    Fields whose name has an underscore are dropped: WSGI cannot distinguish it from the name with a hyphen, which a
    proxy may have written.
    """
    fields: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" not in name:
            fields[name] = f"{fields[name]},{value}" if name in fields else value
    return fields


def _body_bytes(fields: dict[str, str]) -> int | None:
    """Return the length of the body, or None if the request does not state it."""
    length = fields.get("content-length", "0")
    return int(length) if length.isdecimal() and "transfer-encoding" not in fields else None


def _target(scope: Message) -> str:
    """Return the path and query as the client wrote them."""
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _environment(scope: Message, fields: dict[str, str], body: io.BytesIO) -> "WSGIEnvironment":
    (server, port), (client, _) = scope["server"], scope["client"]
    version = "1.0" if scope["http_version"] == "1" else scope["http_version"]
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "RAW_URI": _target(scope),  # as in gunicorn
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{version}",
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in fields.items():
        environ[_NAMES.get(name) or "HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def _respond(application: "WSGIApplication", environ: "WSGIEnvironment") -> RawResponse:
    started: list[tuple[str, Headers]] = []
    written: list[bytes] = []  # by the function that `start_response` returns (PEP 3333)

    def start_response(status: str, headers: Headers, _error: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return written.append

    pieces = application(environ, start_response)
    try:
        body = b"".join(written + list(pieces))
    finally:
        if (close := getattr(pieces, "close", None)) is not None:
            close()
    status, headers = started[-1]
    return RawResponse(int(status[:3]), headers, body)


def _plain(status: HTTPStatus) -> RawResponse:
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "close"),
    ]
    return RawResponse(status.value, headers, (status.phrase.lower() + "\n").encode())


async def _send(send: Send, response: RawResponse) -> None:
    """Send a response, a long one in pieces, so that only some are buffered for a client that does not read."""
    status, headers, body = response
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    last = max(len(body) - 1, 0) // _PIECE_BYTES * _PIECE_BYTES
    try:
        for begin in range(0, last, _PIECE_BYTES):
            piece = body[begin : begin + _PIECE_BYTES]
            async with asyncio.timeout(_PIECE_SECONDS):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": body[last:], "more_body": False})
    except TimeoutError:
        _logger.warning("response abandoned: client stopped reading")

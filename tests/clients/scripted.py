"""A server that answers by a script, one line for each request: the bad moments of a real one, on demand."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import serve_in_thread

DROP = None  # close the connection without an answer


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    missing_bytes: int = 0  # announced, and never sent
    closes: bool = False  # the connection after it
    seconds: int = 0  # that sending the body takes, at one speed


class ScriptedServer(ThreadingHTTPServer):
    """Answers each request with the next reply, and all further ones with the last; keeps paths and bodies."""

    def __init__(self, script: list[Reply | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = list(script)
        self.asked: list[str] = []
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_reply(self) -> Reply | None:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def _answer(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        self.server.asked.append(self.path)
        reply = self.server.next_reply()
        if reply is None:
            # Without lingering the client sees a reset, as from a process that died.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) + reply.missing_bytes))
        self.end_headers()
        size = len(reply.body) // (reply.seconds + 1) + 1
        for start in range(0, len(reply.body), size):
            self.wfile.write(reply.body[start : start + size])
            if start + size < len(reply.body):
                time.sleep(1)
        self.close_connection = self.close_connection or reply.closes

    do_GET = do_POST = _answer  # noqa: N815 - the names that the standard library looks for

    def finish(self) -> None:
        if self.connection.fileno() != -1:
            super().finish()

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@contextmanager
def scripted(*script: Reply | None) -> Iterator[ScriptedServer]:
    """Run a server until the block ends."""
    server = ScriptedServer(list(script))
    with serve_in_thread(server):
        yield server

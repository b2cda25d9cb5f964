"""A receiver of notices on 127.0.0.1, which keeps what it receives, and can refuse or delay it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import serve_in_thread


@dataclass
class Receiver:
    """A running server. `received` has the header fields, the body and the JSON of each request that it accepted."""

    port: int = 0
    status: int = 204
    seconds: float = 0.0  # before it answers
    attempts: int = 0
    beats: int = 0  # the requests without a body
    received: list[tuple[Message, bytes, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the server, for NOTICE_WEBHOOK_URL."""
        return f"http://127.0.0.1:{self.port}/notices"

    @property
    def kinds(self) -> list[str]:
        """The kinds of the notices that were accepted."""
        return [content["kind"] for _, _, content in self.received]


@contextmanager
def notice_receiver() -> Iterator[Receiver]:
    """Run a server until the end of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            receiver.beats += 1
            self._answer()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.attempts += 1
            time.sleep(receiver.seconds)
            if receiver.status < 300:
                receiver.received.append((self.headers, body, json.loads(body)))
            self._answer()

        def _answer(self) -> None:
            self.send_response(receiver.status)
            self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    with serve_in_thread(server):
        yield receiver

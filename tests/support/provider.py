"""A provider of text messages on 127.0.0.1, which keeps what it receives."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tests.support.serving import serve_in_thread


@dataclass
class Provider:
    """A running server. `received` has the method, the path, the Authorization field and the JSON of each request."""

    port: int = 0
    received: list[tuple[str, str, str | None, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the server, for TEXT_MESSAGE_URL."""
        return f"http://127.0.0.1:{self.port}/messages"


@contextmanager
def text_message_provider(status: int = 202, **headers: str) -> Iterator[Provider]:
    """Run a server that gives one answer to every request, until the end of the block."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            message = json.loads(body) if body else None
            provider.received.append((self.command, self.path, self.headers["Authorization"], message))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_port
    with serve_in_thread(server):
        yield provider

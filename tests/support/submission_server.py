"""An application on a local port, from which the portal requests codes, with faults that a test chooses."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.serving import make_server

from tests.support.serving import serve_in_thread

Fault = Callable[[Any, Any], Iterable[bytes] | None]


@dataclass
class SubmissionServer:
    """A server in threads. Each request takes a fault from the list, which may answer in place of the application."""

    application: Any = None
    faults: list[Fault] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""
    is_closed: threading.Event = field(default_factory=threading.Event)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        self.paths.append(environ["PATH_INFO"])
        fault = self.faults.pop(0) if self.faults else None
        answer = fault(environ, start_response) if fault else None
        response: Iterable[bytes] = self.application(environ, start_response) if answer is None else answer
        return response


@contextmanager
def submission_server() -> Iterator[SubmissionServer]:
    """Run a server without an application until the end of the block."""
    server = SubmissionServer()
    http = make_server("127.0.0.1", 0, server, threaded=True)
    server.url = f"http://127.0.0.1:{http.server_port}"
    with serve_in_thread(http):
        yield server
    server.is_closed.set()


def answers(status: str, body: bytes = b"") -> Fault:
    """Return a fault that answers with a status line and a body."""

    def fault(_: Any, start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    return fault


def never_answers(server: SubmissionServer) -> Fault:
    """Return a fault that keeps the connection open until the server is closed, and then drops it.

    The application would otherwise issue a code, and write log lines, in a later test.
    """

    def fault(_: Any, __: Any) -> None:
        server.is_closed.wait()
        raise ConnectionResetError

    return fault


def loses_the_answer(server: SubmissionServer) -> Fault:
    """Return a fault in which the application does its work, and the answer is an error of a proxy."""

    def fault(environ: Any, start_response: Any) -> Iterable[bytes]:
        list(server.application(environ, lambda *_: None))
        return answers("502 Bad Gateway")(environ, start_response) or ()

    return fault

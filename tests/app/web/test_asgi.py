"""The bridge from granian to the application (app/web/asgi.py), with a real granian in front of a WSGI application."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from app.web import asgi
from app.web.asgi import AsgiApplication, Message, RawResponse
from processes.ports import LOOPBACK, reserve_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
STOP_SECONDS = 60
THREADS = 2
APPLICATION = f"""
import json, sys, threading, time
from app.web.logs import init_logging
from app.web.asgi import AsgiApplication

both = threading.Barrier({THREADS})

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/exit":
        sys.exit("a-secret")
    if path == "/fault":
        raise ValueError("a-secret")
    if path == "/slow":
        time.sleep(1)
    if path == "/large":
        start_response("200 OK", [("Content-Length", "1000000")])
        return [b"0123456789" * 100_000]
    if path == "/meet":
        both.wait(30)
    if path == "/nothing":
        start_response("304 Not Modified", [("ETag", '"1"')])
        return []
    given = {{name: value for name, value in environ.items() if isinstance(value, str)}}
    given["body"] = environ["wsgi.input"].read().decode("latin-1")
    answer = json.dumps(given).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]

def make():
    init_logging()
    return AsgiApplication(
        application, None, threads={THREADS}, max_body_bytes=100, is_behind_proxies=True,
        count_refusal=lambda method, status: print("refused", method, int(status), file=sys.stderr, flush=True),
    )
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("asgi") / "log"


@pytest.fixture(scope="module")
def port(log: Path) -> Iterator[int]:
    """The port of a granian with one worker of two threads."""
    (log.parent / "stub.py").write_text(APPLICATION)
    port = reserve_port()
    command = [sys.executable, "-m", "granian", "--interface=asginl", "--factory", "--http=1", f"--port={port}"]
    with log.open("wb") as output:
        granian = subprocess.Popen(
            [*command, "stub:make"],
            cwd=log.parent,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )

    def listens() -> bool:
        assert granian.poll() is None, log.read_text()
        with suppress(OSError):
            socket.create_connection((LOOPBACK, port)).close()
            return True
        return False

    try:
        wait_until(listens, "granian listens")
        yield port
    finally:
        granian.terminate()
        granian.wait(STOP_SECONDS)


def exchange(port: int, request: bytes) -> bytes:
    """Send a request with `Connection: close`; return the whole response."""
    with socket.create_connection((LOOPBACK, port), timeout=60) as client:
        client.sendall(request)
        return client.makefile("rb").read()


def given(port: int, first_line: str, *fields: str, body: bytes = b"") -> dict[str, str]:
    """Return the WSGI environment that the application received with a request."""
    header = "\r\n".join([first_line, "Host: example.org", "Connection: close", *fields, "", ""])
    environ: dict[str, str] = json.loads(exchange(port, header.encode("latin-1") + body).partition(b"\r\n\r\n")[2])
    return environ


def test_a_request_reaches_the_application_as_wsgi_describes(port: int) -> None:
    environ = given(port, "POST /a%20b/%C3%A9?c=%20d HTTP/1.1", "Content-Type: x/y", "Content-Length: 2", body=b"hi")
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"] == "/a b/\u00c3\u00a9"
    assert environ["RAW_URI"] == "/a%20b/%C3%A9?c=%20d"
    assert environ["QUERY_STRING"] == "c=%20d"
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"], environ["body"]) == ("x/y", "2", "hi")
    assert (environ["HTTP_HOST"], environ["REMOTE_ADDR"], environ["SERVER_PORT"]) == (
        "example.org",
        "127.0.0.1",
        str(port),
    )


def test_a_chunked_body_is_accepted(port: int) -> None:
    chunks = b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
    assert given(port, "POST / HTTP/1.1", "Transfer-Encoding: chunked", body=chunks)["body"] == "abcd"


def test_a_connection_is_kept_after_a_body(port: int) -> None:
    connection = HTTPConnection(LOOPBACK, port, timeout=60)
    for body in ("one", "two", iter([b"th", b"ree"]), "four"):  # the third is sent in chunks
        connection.request("POST", "/", body)
        first = connection.sock
        received = json.loads(connection.getresponse().read())["body"]
        assert received == (body if isinstance(body, str) else "three")
        assert connection.sock is first is not None
    connection.close()


@pytest.mark.parametrize("lengths", [["2"], ["2", "2"], ["02"]])
def test_a_body_ends_at_its_length(port: int, lengths: list[str]) -> None:
    requests = "".join(f"Content-Length: {length}\r\n" for length in lengths)
    answer = exchange(port, f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{requests}\r\nhi".encode())
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["body"] == "hi"


def test_the_end_of_a_body_of_known_length_is_not_waited_for() -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    bridge = AsgiApplication(application, None, threads=1, max_body_bytes=100, is_behind_proxies=False)
    pieces = [b"ab", b"cd"]
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "method": "POST", "scheme": "http", "http_version": "1.1", "raw_path": b"/", "query_string": b"",
        "server": (LOOPBACK, "80"), "client": (LOOPBACK, 80), "headers": [(b"content-length", b"4")],
    }  # fmt: skip
    with ThreadPoolExecutor(1) as other_thread:  # the browser of other tests leaves an event loop in this one
        other_thread.submit(asyncio.run, bridge(scope, receive, send)).result()
    assert sent[-1]["body"] == b"abcd"


def test_a_client_that_stops_reading_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "_PIECE_SECONDS", 0.01)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        if "body" in message:
            await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(asyncio.run, asgi._send(send, RawResponse(200, [], bytes(1_000_000)))).result()
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_an_oversized_body_is_read_only_up_to_the_limit(port: int) -> None:
    body = given(port, "POST / HTTP/1.1", "Content-Length: 100000000", body=b"x" * 200)["body"]
    assert 100 < len(body) <= 200


def test_header_fields_with_underscores_are_dropped(port: int) -> None:
    fields = ["X-Forwarded-For: 192.0.2.1", "X_Forwarded_For: 192.0.2.2", "X-Forwarded_For: 192.0.2.3"]
    for order in (fields, fields[::-1]):
        assert given(port, "GET / HTTP/1.1", *order)["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"


def test_repeated_header_fields_are_joined_in_order(port: int) -> None:
    environ = given(port, "GET / HTTP/1.1", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2")
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1,192.0.2.2"


def test_header_values_keep_all_bytes(port: int) -> None:
    fields = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: \u00e9, 192.0.2.2"]
    assert given(port, "GET / HTTP/1.1", *fields)["HTTP_X_FORWARDED_FOR"] == "192.0.2.1,\u00e9, 192.0.2.2"


def test_a_long_response_arrives_whole(port: int) -> None:
    answer = exchange(port, b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == b"0123456789" * 100_000


@pytest.mark.parametrize(("forwarded", "scheme"), [("https", "https"), ("http", "http"), ("gopher", "http")])
def test_forwarded_proto_sets_the_url_scheme(port: int, forwarded: str, scheme: str) -> None:
    assert given(port, "GET / HTTP/1.1", f"X-Forwarded-Proto: {forwarded}")["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize("path", ["/exit", "/fault"])
def test_an_unhandled_error_is_not_quoted_and_ends_no_thread(port: int, path: str, log: Path) -> None:
    for _ in range(3 * THREADS):
        answer = exchange(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"secret" not in answer
    assert given(port, "GET / HTTP/1.1")["PATH_INFO"] == "/"
    assert "request failed outside the application" in log.read_text()
    assert "secret" not in log.read_text()


def test_bodiless_responses_have_no_body(port: int) -> None:
    assert exchange(port, b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").endswith(b"\r\n\r\n")
    assert exchange(port, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").endswith(b"\r\n\r\n")


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    requests = b"".join(
        f"GET {path} HTTP/1.1\r\nHost: x\r\n{close}\r\n".encode()
        for path, close in (("/one", ""), ("/slow", ""), ("/two", "Connection: close\r\n"))
    )
    answer = exchange(port, requests)
    assert answer.count(b"HTTP/1.1 200 ") == 3
    assert answer.index(b"/one") < answer.index(b"/slow") < answer.index(b"/two")


def test_requests_are_handled_concurrently(port: int) -> None:
    answers: list[int] = []

    def ask() -> None:
        connection = HTTPConnection(LOOPBACK, port, timeout=60)
        connection.request("GET", "/meet")
        answers.append(connection.getresponse().status)
        connection.close()

    clients = [threading.Thread(target=ask) for _ in range(THREADS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert answers == [200] * THREADS, "each request waits for the other in the application"

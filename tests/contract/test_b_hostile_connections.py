"""Section B: clients that send incomplete, malformed or endless requests do not affect others."""

import resource
import socket
import time
from contextlib import suppress

import pytest

from app.web.asgi import BODY_SECONDS
from tests.support.hostile import HOST, STARTS, attacked, ping_seconds
from tests.support.service import Service
from tests.support.web import WebProcess

THREADS = 8  # of its only worker
IDLE_CONNECTIONS = 2000


def _send(web: WebProcess, request: bytes, *, half_close: bool = False) -> bytes:
    """Send bytes, with `half_close` close the sending side, and return all that the server sends before it closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as client, suppress(OSError):
        client.sendall(request)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        while chunk := client.recv(65536):
            received += chunk
    return received


@pytest.mark.rule(6, "D11", "D17")
@pytest.mark.parametrize(
    ("request_line_and_header", "status"),
    [
        (b"GET /services/ping HTTP/1.1\r\nHost: x\r\nAuthorization Bearer a-secret\r\n\r\n", 400),
        (b"GET /services/ping HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer a-secret\r\n\r\n", 400),
        (b"GET /retrieve/302/18444/a-secret\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /a-secret HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: a-secret\r\n\r\n", 400),
        (b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: a-secret\r\n\r\n", 400),
        (b"GET /" + b"a-secret" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a-secret" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a-secret\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_malformed_http_is_refused_and_not_echoed_in_response_or_log(
    web: WebProcess, service: Service, request_line_and_header: bytes, status: int
) -> None:
    written = web.log.stat().st_size

    answer = _send(web, request_line_and_header)

    # The rest of a long request is unread when the server closes, so TCP may discard the response.
    if answer or len(request_line_and_header) < 10_000:
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"\r\nconnection: close\r\n" in answer.lower()
    _assert_not_echoed(answer, web, written)


@pytest.mark.rule(6, "D11", "D17")
def test_a_path_with_letters_outside_ascii_is_refused_by_the_application(web: WebProcess, service: Service) -> None:
    written = web.log.stat().st_size
    path = "/retrieve/302/18444/a-secret\u00e9".encode()

    answer = _send(web, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 401 ")
    _assert_not_echoed(answer, web, written)


@pytest.mark.rule(6, "D11", "D17")
def test_a_request_that_ends_in_its_first_line_gets_no_response(web: WebProcess, service: Service) -> None:
    written = web.log.stat().st_size

    answer = _send(web, b"GET /a-secret", half_close=True)

    assert answer == b""
    _assert_not_echoed(answer, web, written)


def _assert_not_echoed(answer: bytes, web: WebProcess, written: int) -> None:
    logged = web.log.read_bytes()[written:]
    assert b"a-secret" not in answer + logged
    assert all(line.startswith(b"time=") for line in logged.splitlines())


@pytest.mark.rule(48, "D22")
@pytest.mark.parametrize("kinds", [*([kind] for kind in STARTS), list(STARTS)], ids=" and ".join)
def test_slow_clients_do_not_delay_others(web: WebProcess, service: Service, kinds: list[str]) -> None:
    ping_seconds(web.port)  # the first request of a process takes longer
    with attacked(web.port, kinds, connections=10 * THREADS):
        for _ in range(5):
            assert ping_seconds(web.port) < BODY_SECONDS, "before the server gives up on slow bodies"


@pytest.mark.rule(48, "D22")
def test_thousands_of_idle_connections_do_not_delay_others(web: WebProcess, service: Service) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * IDLE_CONNECTIONS:
        pytest.skip(f"this machine allows a process {hard} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4 * IDLE_CONNECTIONS), hard))
    with attacked(web.port, ["idle"], IDLE_CONNECTIONS):
        assert ping_seconds(web.port) < BODY_SECONDS


@pytest.mark.rule(48, "D22")
def test_an_incomplete_body_is_refused_after_a_timeout(web: WebProcess, service: Service) -> None:
    with socket.create_connection((HOST, web.port), timeout=60) as client:
        client.sendall(STARTS["half a body"])
        started = time.monotonic()
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started > BODY_SECONDS - 1


@pytest.mark.rule(48)
@pytest.mark.parametrize(("path", "answer"), [("/upload", b"\x08\x01"), ("/claim-key", b"\x08\x01\x18\x32")])
def test_a_body_shorter_than_its_content_length_is_refused(
    web: WebProcess, service: Service, path: str, answer: bytes
) -> None:
    received = _send(
        web, f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort".encode(), half_close=True
    )

    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b"\r\n\r\n" + answer)


@pytest.mark.rule(3, 7, 48)
@pytest.mark.parametrize(
    "request_line_and_header",
    [
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n\r\n0123456789",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(3000)) + b"\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe%ff%00%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /claim-key HTTP/1.1\r\nHost: \xff\r\nX-Request-Id: \xe9\xff\r\nContent-Length: 0\r\n\r\n",
        b"POST /claim-key HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n" * 1000,
    ],
)
def test_a_broken_request_is_never_a_server_error(
    web: WebProcess, service: Service, request_line_and_header: bytes
) -> None:
    written = web.log.stat().st_size
    answer = _send(web, request_line_and_header, half_close=True)

    assert not answer.startswith(b"HTTP/1.1 5"), answer
    with web.log.open("rb") as log:
        log.seek(written)
        logged = log.read()
    assert b"Traceback" not in logged
    assert b"127.0.0.1" not in logged
    ping_seconds(web.port)

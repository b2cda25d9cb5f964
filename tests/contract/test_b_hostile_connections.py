"""Section B: clients that send half a request, a broken one, or far too much of it. Others are served meanwhile."""

import socket
import time
from contextlib import ExitStack, suppress

import pytest

from tests.support.service import Service
from tests.support.web import WebProcess

_PING = b"GET /services/ping HTTP/1.1\r\nHost: x\r\n\r\n"


def _ping(web: WebProcess) -> float:
    """Let an honest client be served; return the seconds that it waited."""
    started = time.monotonic()
    answer, _ = web.exchange(_PING)
    assert answer.startswith(b"HTTP/1.1 200 ")
    return time.monotonic() - started


def _send(web: WebProcess, request: bytes) -> bytes:
    """Send bytes and nothing more; return all that comes back."""
    received = b""
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as client, suppress(OSError):
        client.sendall(request)
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
        (b"GET /retrieve/302/18444/a-secret\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /a-secret", 400),
        (b"GET /a-secret HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: a-secret\r\n\r\n", 501),
        (b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: a-secret\r\n\r\n", 400),
        (b"GET /" + b"a-secret" * 1000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a-secret" * 2000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: a-secret\r\n\r\n", 417),
    ],
)
def test_what_is_no_http_is_refused_without_a_word_of_it_in_answer_or_log(
    web: WebProcess, service: Service, request_line_and_header: bytes, status: int
) -> None:
    written = web.log.stat().st_size

    answer = _send(web, request_line_and_header)

    if answer:  # to what ends before its first line does, there is none
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"\r\nConnection: close\r\n" in answer
    said = web.log.read_bytes()[written:]
    assert b"a-secret" not in answer + said
    assert all(line.startswith(b"time=") for line in said.splitlines())


@pytest.mark.rule(48, "D22")
@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"POST /upl",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Le",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nonly this",
        b"POST /claim-key HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_clients_that_stop_half_way_do_not_stop_the_others(web: WebProcess, service: Service, start: bytes) -> None:
    _ping(web)  # the first request of a process takes longer
    with ExitStack() as stack:
        for _ in range(6):  # fewer than there are threads: what more of them do takes ten seconds to show
            stalled = stack.enter_context(socket.create_connection(("127.0.0.1", web.port)))
            stalled.sendall(start)

        assert _ping(web) < 5


@pytest.mark.rule(48)
@pytest.mark.parametrize(("path", "answer"), [("/upload", b"\x08\x01"), ("/claim-key", b"\x08\x01\x18\x32")])
def test_a_body_shorter_than_announced_is_refused(web: WebProcess, service: Service, path: str, answer: bytes) -> None:
    received = _send(web, f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort".encode())

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
def test_a_broken_request_is_never_a_fault_of_ours(
    web: WebProcess, service: Service, request_line_and_header: bytes
) -> None:
    written = web.log.stat().st_size
    answer = _send(web, request_line_and_header)

    assert not answer.startswith(b"HTTP/1.1 5"), answer
    with web.log.open("rb") as log:
        log.seek(written)
        said = log.read()
    assert b"Traceback" not in said
    assert b"127.0.0.1" not in said
    _ping(web)

"""Section B: connections to the web process as deployed."""

import re
import socket
import time
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from app.proto import covidshield_pb2 as wire
from tests.support.service import Phone, Service, bearer
from tests.support.settings import TOKEN
from tests.support.web import WebProcess, header_fields

_NOT_FOUND = b"404 page not found\n"


@pytest.fixture
def connection(web: WebProcess, service: Service) -> HTTPConnection:
    """A connection to the web process. `service` empties its database."""
    with_close = web.connect()
    yield with_close
    with_close.close()


def _claim_body(code: str) -> bytes:
    return wire.KeyClaimRequest(one_time_code=code, app_public_key=Phone().public_key).SerializeToString()


@pytest.mark.rule(3)
def test_an_unmatched_path_is_not_found_on_the_wire(connection: HTTPConnection) -> None:
    connection.request("POST", "/nope", body=b"x" * 100, headers=bearer())
    response = connection.getresponse()

    assert (response.status, response.read()) == (404, _NOT_FOUND)
    assert header_fields(response) == {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Content-Length": "19",
    }
    assert not response.will_close


@pytest.mark.rule(4)
def test_an_unclean_path_redirects_to_the_clean_one_on_the_wire(web: WebProcess) -> None:
    answer, _ = web.exchange(b"POST //upload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 301 ")
    assert b"\r\nlocation: /upload\r\n" in answer.lower()


@pytest.mark.rule(7)
def test_a_chunked_body_is_accepted(connection: HTTPConnection) -> None:
    connection.request("POST", "/new-key-claim", headers=bearer())
    code = connection.getresponse().read().decode().strip()
    body = _claim_body(code)

    connection.request("POST", "/claim-key", body=iter([body[:5], body[5:6], body[6:]]), encode_chunked=True)
    response = connection.getresponse()

    assert response.status == 200
    assert re.fullmatch(rb"\x12\x20.{32}\x18\x32", response.read(), re.DOTALL)


@pytest.mark.rule(7)
def test_head_returns_the_headers_of_get_without_a_body(web: WebProcess, service: Service) -> None:
    answer, _ = web.exchange(b"HEAD /services/ping HTTP/1.1\r\nHost: x\r\n\r\n")

    header, _, body = answer.partition(b"\r\n\r\n")
    assert header.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b""


@pytest.mark.rule(30, 48)
@pytest.mark.parametrize(
    ("path", "limit", "message"),
    [("/claim-key", 256, b"\x08\x01\x18\x32"), ("/upload", 4096, b"\x08\x01")],
)
def test_the_connection_is_closed_after_a_body_that_is_too_long(
    web: WebProcess, service: Service, path: str, limit: int, message: bytes
) -> None:
    body = b"\x00" * (limit + 1)
    request = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    answer, was_closed = web.exchange(request + body)

    header, _, sent = answer.partition(b"\r\n\r\n")
    assert header.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nconnection: close" in header.lower()
    assert (sent, was_closed) == (message, True)


@pytest.mark.rule(48)
def test_an_endless_body_is_refused_unread(web: WebProcess, service: Service) -> None:
    chunk = b"8000\r\n" + b"\x00" * 0x8000 + b"\r\n"  # without a last chunk
    request = b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    answer, was_closed = web.exchange(request + chunk)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\n\x08\x01")
    assert was_closed


@pytest.mark.rule(18)
def test_an_unread_body_does_not_affect_the_next_request(connection: HTTPConnection) -> None:
    connection.request("POST", "/new-key-claim", body=b"GET /nope HTTP/1.1\r\n\r\n" * 50, headers=bearer())
    first = connection.getresponse()
    assert (first.status, len(first.read())) == (200, 11)

    connection.request("GET", "/services/ping")
    second = connection.getresponse()

    assert (second.status, second.read()) == (200, b"OK\n")


@pytest.mark.rule(14)
def test_a_hash_id_may_be_percent_encoded(connection: HTTPConnection) -> None:
    for hash_id, status in {"a" * 127 + "%2C": 200, "a" * 128 + "%0A": 404, "a" * 127 + "%ff": 404}.items():
        connection.request("POST", f"/new-key-claim/{hash_id}", headers=bearer())
        response = connection.getresponse()
        response.read()

        assert response.status == status, hash_id


@pytest.mark.rule(10)
def test_ping_is_exact_on_the_wire(connection: HTTPConnection) -> None:
    connection.request("GET", "/services/ping", headers={"X-Request-Id": "me"})
    response = connection.getresponse()

    assert (response.status, response.read()) == (200, b"OK\n")
    assert header_fields(response) == {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Request-Id": "me",
        "Content-Length": "3",
    }
    assert not response.will_close


@pytest.mark.rule(15, "T10")
def test_a_preflight_response_has_no_content_type(connection: HTTPConnection) -> None:
    connection.request("OPTIONS", "/new-key-claim")
    response = connection.getresponse()

    assert (response.status, response.read(), response.headers["Content-Type"]) == (200, b"", None)


@pytest.mark.rule(6)
def test_the_log_goes_to_stderr_without_the_token(web: WebProcess, connection: HTTPConnection) -> None:
    connection.request("POST", "/new-key-claim", headers=bearer() | {"X-Request-Id": "find-this-one"})
    assert connection.getresponse().read()

    lines = [line for line in web.log.read_text().splitlines() if line.endswith(" uuid=find-this-one")]
    assert [' msg="http request" ' in line for line in lines] == [True, False]
    assert " statusCode=200 statusClass=2xx " in lines[1]
    assert TOKEN not in web.log.read_text()


@pytest.mark.rule("D22")
def test_idle_connections_do_not_block_others(web: WebProcess, connection: HTTPConnection) -> None:
    # A server that lingered two seconds over each of them would exceed the timeout of the connection, a minute.
    connection.timeout = 60
    with ExitStack() as stack:
        for _ in range(40):
            lingering = stack.enter_context(socket.create_connection(("127.0.0.1", web.port)))
            lingering.sendall(b"GET /services/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)

        connection.request("GET", "/services/ping")
        assert connection.getresponse().read() == b"OK\n"

"""The open-loop driver, with a small server whose responses a test chooses."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from bench.openloop import Planned, drive

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[int], bytes]], str]]:
    """Start a server that takes one request at a time; `answer` is given the request's number."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(answer: Callable[[int], bytes]) -> str:
        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                for number in range(1_000):
                    if not connection.recv(65536):
                        return
                    connection.sendall(answer(number))

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join()
    listener.close()


def test_every_request_is_sent_and_counted(serve: Callable[[Callable[[int], bytes]], str]) -> None:
    url = serve(lambda _: OK)
    figures = drive([Planned(number * 0.002, url, GET) for number in range(50)], connections=1)
    assert (figures.requests, figures.errors) == (50, 0)


def test_latency_is_measured_from_the_scheduled_time(
    serve: Callable[[Callable[[int], bytes]], str],
) -> None:
    url = serve(lambda number: time.sleep(0.3) or OK if number == 0 else OK)
    # All but the first wait behind it on the only connection, although the server answers each of them at once.
    figures = drive([Planned(number * 0.001, url, GET) for number in range(20)], connections=1)
    assert figures.p50_ms is not None
    assert figures.p50_ms > 200


def test_a_chunked_body_is_read_to_its_end(serve: Callable[[Callable[[int], bytes]], str]) -> None:
    url = serve(lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    figures = drive([Planned(number * 0.002, url, GET) for number in range(10)], connections=1)
    assert (figures.requests, figures.errors) == (10, 0)


def test_a_refusal_is_an_error(serve: Callable[[Callable[[int], bytes]], str]) -> None:
    url = serve(lambda _: b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    assert drive([Planned(0.0, url, GET)], connections=1).errors == 1

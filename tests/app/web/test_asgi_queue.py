"""Requests that wait for a thread (app/web/asgi.py), while those of others wait for PostgreSQL."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from app.web.asgi import QUEUE_SECONDS, AsgiApplication, Message
from processes.ports import LOOPBACK
from tests.support.waiting import wait_until


def scope(path: str) -> Message:
    """Return what granian passes on of a request without a body."""
    return {
        "method": "POST", "scheme": "http", "http_version": "1.1", "raw_path": path.encode(), "query_string": b"",
        "server": (LOOPBACK, "80"), "client": (LOOPBACK, 80), "headers": [],
    }  # fmt: skip


class BlockedBridge:
    """A bridge of one thread, in which a request waits, as for PostgreSQL, until `release` is set."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.paths: list[str] = []
        self.refused: list[tuple[str, int]] = []
        self._waits = threading.Event()
        self._clients = ThreadPoolExecutor(4)
        self._bridge = AsgiApplication(
            self._application,
            None,
            threads=1,
            max_body_bytes=100,
            is_behind_proxies=False,
            count_refusal=lambda method, status: self.refused.append((method, status)),
        )
        self.first = self.ask("/first")
        assert self._waits.wait(60)

    def ask(self, path: str) -> "Future[int]":
        """Send a request; return its status once there is a response."""
        return self._clients.submit(asyncio.run, self._exchange(path))

    def _application(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        self.paths.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/first":
            self._waits.set()
            assert self.release.wait(60)
        start_response("200 OK", [])
        return [b""]

    @property
    def waiting(self) -> int:
        """How many requests wait for the thread."""
        return self._bridge._requests.qsize()

    async def _exchange(self, path: str) -> int:
        sent: list[Message] = []

        async def receive() -> Message:
            raise AssertionError("there is no body")

        async def send(message: Message) -> None:
            sent.append(message)

        await self._bridge(scope(path), receive, send)
        status: int = sent[0]["status"]
        return status


@pytest.fixture
def blocked() -> Iterator[BlockedBridge]:
    bridge = BlockedBridge()
    yield bridge
    bridge.release.set()


@pytest.mark.parametrize("path", ["/services/ping", "/services/present"])
def test_a_load_balancer_does_not_wait_for_requests_that_wait(blocked: BlockedBridge, path: str) -> None:
    assert blocked.ask(path).result(60) == 200
    assert not blocked.first.done()


def test_a_request_whose_client_has_given_up_is_not_run(
    blocked: BlockedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = blocked.ask("/claim-key")
    wait_until(lambda: blocked.waiting == 1, "the request waits")
    queued = time.monotonic()
    monkeypatch.setattr("app.web.asgi.monotonic", lambda: queued + QUEUE_SECONDS)
    in_time = blocked.ask("/upload")
    wait_until(lambda: blocked.waiting == 2, "another one waits, which has just arrived")
    blocked.release.set()

    assert (blocked.first.result(60), late.result(60), in_time.result(60)) == (200, 503, 200)
    assert blocked.paths == ["/first", "/upload"]
    assert blocked.refused == [("POST", 503)]

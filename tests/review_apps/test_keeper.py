"""What the keeper of a host answers to whom: every process of the host can reach its port."""

import re
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest

from processes.ports import LOOPBACK
from review_apps.keeper import Keeper
from review_apps.keeper_http import Handler
from review_apps.servers import KEEPER_READY
from review_apps.state import App
from tests.support.serving import serve_in_thread


class Asked(Keeper):
    """A keeper of a host without apps, which only records what it is to do."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.begun, self.port = list[tuple[int, str]](), 0

    def begin(self, number: int, action: str) -> "Future[None]":
        self.begun.append((number, action))
        done = Future[None]()
        done.set_result(None)
        return done

    def answer(self, method: str, path: str = "/", body: str = "", **headers: str) -> tuple[int, str]:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Asked]:
    keeper = Asked(tmp_path)
    server = ThreadingHTTPServer((LOOPBACK, 0), partial(Handler, keeper))
    with serve_in_thread(server):
        keeper.port = server.server_port
        yield keeper


@pytest.mark.parametrize("key", ["", "0" * 64])
def test_the_keeper_does_nothing_for_others_than_nginx(keeper: Asked, key: str) -> None:
    keeper.host().store.folder(1).mkdir(parents=True)
    for method, headers in (("GET", {}), ("GET", {"X_Review_App": "1"}), ("POST", {})):
        assert keeper.answer(method, X_Keeper_Key=key, **headers) == (403, "")
    assert keeper.answer("GET", KEEPER_READY) == (200, "ready")
    assert keeper.begun == []


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [
        ({}, {}, 303),
        ({}, {"Origin": "https://apps.example.org"}, 303),
        ({}, {"Origin": "https://elsewhere.example.org"}, 403),
        ({"token": "0" * 64}, {}, 403),
        ({"action": "begin"}, {}, 400),
        ({"number": "-1"}, {}, 400),
        ({"language": "x" * 10_000}, {}, 413),
    ],
)
def test_an_action_is_taken_from_a_form_of_the_page_alone(
    keeper: Asked, change: dict[str, str], headers: dict[str, str], status: int
) -> None:
    nginx = {"X_Keeper_Key": keeper.host().servers.keeper.key, "Host": "apps.example.org"}
    keeper.host().store.save(App(1, "topic", "/repository", release=1))
    found = re.search(r'name="token" value="(\w+)"', keeper.answer("GET", "/en", **nginx)[1])
    assert found is not None
    form = {"token": found[1], "number": "1", "action": "wake"} | change
    assert keeper.answer("POST", "/", urlencode(form), **nginx, **headers)[0] == status
    assert keeper.begun == ([(1, "resume")] if status == 303 else [])

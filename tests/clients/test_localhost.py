"""Host names below localhost (clients/localhost.py)."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from clients.localhost import new_session
from tests.support.serving import serve_in_thread


class EchoHost(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server on 127.0.0.1 that answers with the Host header of the request."""
    server = HTTPServer(("127.0.0.1", 0), EchoHost)
    with serve_in_thread(server):
        yield server.server_port


@pytest.mark.parametrize("host", ["pr-0012.localhost", "PR-0012.LOCALHOST", "127.0.0.1"])
def test_a_name_below_localhost_leads_to_this_host_and_keeps_its_host_header(port: int, host: str) -> None:
    with new_session() as session:
        assert session.get(f"http://{host}:{port}/path", timeout=60).text.lower() == f"{host}:{port}".lower()


@pytest.mark.parametrize("host", ["pr-0012.localhost", "localhost", "127.0.0.1"])
def test_this_host_is_never_asked_through_a_proxy(port: int, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with new_session() as session:
        assert session.get(f"http://{host}:{port}/path", timeout=60).text == f"{host}:{port}"


def test_other_names_are_resolved_as_ever() -> None:
    with new_session() as session, pytest.raises(requests.ConnectionError, match="not-localhost"):
        session.get("http://not-localhost.invalid:1/", timeout=60)

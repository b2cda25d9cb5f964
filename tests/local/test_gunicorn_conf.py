"""How gunicorn runs the web process."""

import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from processes.ports import can_bind, free_port

CONFIGURATION = Path(__file__).resolve().parents[2] / "gunicorn.conf.py"
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.url_scheme"].encode(), environ["PATH_INFO"].encode(), environ["wsgi.input"].read()]
"""

HASTE = """
from app.web.serving import WaitingThreads

class worker_class(WaitingThreads):
    seconds_to_send = 0.2
"""


@pytest.mark.parametrize(
    ("environment", "bind"),
    [
        ({}, "0.0.0.0:8001"),
        ({"SURFACES": "submission"}, "0.0.0.0:8000"),
        ({"SURFACES": "submission,retrieval"}, "0.0.0.0:8001"),
        ({"SURFACES": "submission", "PORT": "5000"}, "0.0.0.0:5000"),
        ({"PORT": "5000", "BIND_ADDR": "127.0.0.1:6000"}, "127.0.0.1:6000"),
        ({"SURFACES": " submission\n", "PORT": " ", "BIND_ADDR": " "}, "0.0.0.0:8000"),
        ({"BIND_ADDR": " 127.0.0.1:6000\n"}, "127.0.0.1:6000"),
    ],
)
def test_the_address_comes_from_the_environment(environment: dict[str, str], bind: str, monkeypatch) -> None:
    for name in ("SURFACES", "PORT", "BIND_ADDR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_path(str(CONFIGURATION))["bind"] == bind


@pytest.mark.parametrize(
    ("proxies", "believed"), [("", ""), ("0", ""), (" 0\n", ""), (" ", ""), ("00", ""), ("1", "*"), (" 10", "*")]
)
def test_only_proxies_are_believed_about_https(proxies: str, believed: str, monkeypatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    assert runpy.run_path(str(CONFIGURATION))["forwarded_allow_ips"] == believed


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a gunicorn with two threads, which has a fifth of a second of patience instead of ten seconds."""
    folder = tmp_path_factory.mktemp("gunicorn")
    (folder / "stub.py").write_text(APPLICATION)
    (folder / "gunicorn.conf.py").write_text(CONFIGURATION.read_text() + HASTE)
    port = free_port()
    root = str(CONFIGURATION.parent)
    environment = {**os.environ, "BIND_ADDR": f"127.0.0.1:{port}", "TRUSTED_PROXIES": "1", "PYTHONPATH": root}
    command = [sys.executable, "-m", "gunicorn", "--workers=1", "--threads=2", "stub:application"]
    gunicorn = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    while can_bind("127.0.0.1", port):
        assert gunicorn.poll() is None
    yield port
    gunicorn.terminate()
    gunicorn.wait(10)


@pytest.fixture
def connect(port: int) -> Iterator[Callable[[bytes], socket.socket]]:
    connections: list[socket.socket] = []

    def connect(sent: bytes) -> socket.socket:
        connections.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        connections[-1].sendall(sent)
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


def test_clients_that_stop_sending_do_not_stop_the_others(connect) -> None:
    half_a_head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
    half_a_body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
    slow = [connect(beginning) for beginning in (b"", half_a_head, half_a_body)]
    quick = connect(b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"/quick" in quick.makefile("rb").read()
    for connection in slow:
        connection.makefile("rb").read()  # gunicorn hangs up


def test_header_fields_do_not_change_what_is_requested(connect) -> None:
    fields = b"Host: x\r\nPATH_INFO: /other\r\nSCRIPT_NAME: /other\r\nX-Forwarded-Proto: https\r\nConnection: close"
    answer = connect(b"GET /path HTTP/1.1\r\n" + fields + b"\r\n\r\n").makefile("rb").read()
    assert b"https" in answer
    assert b"/path" in answer
    assert b"other" not in answer

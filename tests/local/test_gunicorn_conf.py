"""How gunicorn runs the web process (gunicorn.conf.py)."""

import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.ports import can_bind, reserve_port

CONFIGURATION = Path(__file__).resolve().parents[2] / "gunicorn.conf.py"
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.url_scheme"].encode(), environ["PATH_INFO"].encode(), environ["wsgi.input"].read()]
"""


@pytest.mark.parametrize(
    ("environment", "bind"),
    [
        ({"PORT": "5000", "BIND_ADDR": "127.0.0.1:6000"}, "127.0.0.1:6000"),
        ({"BIND_ADDR": "[::1]:6000"}, "[::1]:6000"),
        ({"BIND_ADDR": " 127.0.0.1:6000\n"}, "127.0.0.1:6000"),
    ],
)
def test_the_address_comes_from_the_environment(environment: dict[str, str], bind: str, monkeypatch) -> None:
    for name in ("SURFACES", "PORT", "BIND_ADDR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_path(str(CONFIGURATION))["bind"] == bind


@pytest.mark.parametrize("name", ["WEB_CONCURRENCY", "WEB_THREADS", "WEB_GRACEFUL_SECONDS", "PORT"])
def test_a_number_that_cannot_be_used_ends_the_start_with_one_line(name: str, monkeypatch) -> None:
    monkeypatch.delenv("BIND_ADDR", raising=False)
    for text in ("0x", "-1", "99999999") + (() if name == "PORT" else ("0",)):
        monkeypatch.setenv(name, text)
        with pytest.raises(SystemExit, match=rf"^{name}: .*{text}"):
            runpy.run_path(str(CONFIGURATION))
    monkeypatch.setenv(name, " ")
    configuration = runpy.run_path(str(CONFIGURATION))
    assert [configuration[each] for each in ("workers", "threads", "graceful_timeout")] == [2, 8, 25]


@pytest.mark.parametrize(
    ("proxies", "believed"), [("", ""), ("0", ""), (" 0\n", ""), (" ", ""), ("00", ""), ("1", "*"), (" 10", "*")]
)
def test_only_proxies_are_believed_about_https(proxies: str, believed: str, monkeypatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    assert runpy.run_path(str(CONFIGURATION))["forwarded_allow_ips"] == believed


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a gunicorn with an application that returns what it was given."""
    folder = tmp_path_factory.mktemp("gunicorn")
    (folder / "stub.py").write_text(APPLICATION)
    port = reserve_port()
    environment = {**os.environ, "BIND_ADDR": f"127.0.0.1:{port}", "TRUSTED_PROXIES": "1"}
    command = [sys.executable, "-m", "gunicorn", f"--config={CONFIGURATION}", "--workers=1", "stub:application"]
    gunicorn = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    while can_bind("127.0.0.1", port):
        assert gunicorn.poll() is None
    yield port
    gunicorn.terminate()
    gunicorn.wait(10)


def test_header_fields_do_not_change_what_is_requested(port: int) -> None:
    fields = b"Host: x\r\nPATH_INFO: /other\r\nSCRIPT_NAME: /other\r\nX-Forwarded-Proto: https\r\nConnection: close"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"GET /path HTTP/1.1\r\n" + fields + b"\r\n\r\n")
        answer = client.makefile("rb").read()
    assert b"https" in answer
    assert b"/path" in answer
    assert b"other" not in answer

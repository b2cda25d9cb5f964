"""The web process as it is deployed, on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import psutil

_ROOT = Path(__file__).parents[2]
_HOST = "127.0.0.1"
_START_SECONDS = 20
_ANSWER_SECONDS = 10
# `test`, because a development instance on loopback refuses the host names that tests send.
_DEFAULTS = {"ENV": "test", "WEB_CONCURRENCY": "1", "RATE_LIMITS": "off"}


@dataclass(frozen=True)
class WebProcess:
    """A running web process."""

    port: int
    log: Path
    pid: int

    def connect(self) -> HTTPConnection:
        """Open an HTTP connection, which the caller closes."""
        return HTTPConnection(_HOST, self.port, timeout=_ANSWER_SECONDS)

    def exchange(self, request: bytes) -> tuple[bytes, bool]:
        """Send bytes as they are; return what came back within a moment, and whether the connection was closed."""
        with socket.create_connection((_HOST, self.port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(request)
            received = b""
            while chunk := _receive(connection):
                received += chunk
                connection.settimeout(0.3)  # an answer comes in one piece, so silence after it means "kept open"
            return received, chunk is not None


def _receive(connection: socket.socket) -> bytes | None:
    try:
        return connection.recv(65536)
    except TimeoutError:
        return None
    except ConnectionResetError:
        return b""


def header_fields(response: HTTPResponse) -> dict[str, str]:
    """Return the header, names in title case, without the fields that every HTTP server adds of its own."""
    fields = {name.title(): value for name, value in response.getheaders()}
    return {name: value for name, value in fields.items() if name not in ("Server", "Date", "Connection")}


@contextmanager
def web_process(environment: dict[str, Any], log: Path, code: Path = _ROOT) -> Iterator[WebProcess]:
    """Run the web process of a folder with these settings until the end of the block."""
    with socket.create_server((_HOST, 0)) as probe:
        port = probe.getsockname()[1]
    inherited = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    inherited["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    with log.open("wb") as out:
        process = subprocess.Popen(
            [code / "bin" / "web"],
            env=inherited | _DEFAULTS | environment | {"BIND_ADDR": f"{_HOST}:{port}"},
            cwd=code,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, process, log)
        yield WebProcess(port, log, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=_START_SECONDS)


def workers_of(web: psutil.Process) -> list[psutil.Process]:
    """Return the workers of a web process, without the helper that Python's multiprocessing starts beside them."""
    return [child for child in web.children() if _is_worker(child)]


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "resource_tracker" not in " ".join(child.cmdline())
    except psutil.Error:  # it has ended
        return False


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((_HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"the web process does not start: {log.read_text()[-2000:]}")

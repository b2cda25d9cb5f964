"""The web process as deployed, on a free port."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import psutil

from processes.ports import reserve_port
from tests.support.waiting import wait_until

_ROOT = Path(__file__).parents[2]
_HOST = "127.0.0.1"
_STOP_SECONDS = 60
_ANSWER_SECONDS = 60
# `test`, because a development instance on loopback refuses the host names that tests send.
_DEFAULTS = {"ENV": "test", "WEB_CONCURRENCY": "1", "RATE_LIMITS": "off", "RELEASE_PERIOD_HOURS": "0"}


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
        """Send raw bytes; return the response, and whether the server closed the connection."""
        with socket.create_connection((_HOST, self.port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(request)
            received = b""
            while chunk := _receive(connection):
                received += chunk
                connection.settimeout(0.3)  # a response comes in one piece, so silence after it means "kept open"
            return received, chunk is not None


def _receive(connection: socket.socket) -> bytes | None:
    try:
        return connection.recv(65536)
    except TimeoutError:
        return None
    except ConnectionResetError:
        return b""


def header_fields(response: HTTPResponse) -> dict[str, str]:
    """Return the header, names in title case, without fields that every HTTP server adds."""
    fields = {name.title(): value for name, value in response.getheaders()}
    return {name: value for name, value in fields.items() if name not in ("Server", "Date", "Connection")}


@contextmanager
def web_process(environment: dict[str, Any], log: Path, code: Path = _ROOT) -> Iterator[WebProcess]:
    """Run the web process of a folder with these settings until the end of the block."""
    port = reserve_port()
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
        process.wait(timeout=_STOP_SECONDS)


def workers_of(web: psutil.Process) -> list[psutil.Process]:
    """Return the workers of a web process, without the resource tracker of multiprocessing."""
    return [child for child in web.children() if _is_worker(child)]


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "resource_tracker" not in " ".join(child.cmdline())
    except psutil.Error:  # it has ended
        return False


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    def accepts() -> bool:
        assert process.poll() is None, f"the web process ended: {log.read_text()[-2000:]}"
        with suppress(OSError):
            socket.create_connection((_HOST, port), timeout=1).close()
            return True
        return False

    wait_until(accepts, "the web process accepts connections")

"""The floor of a download: nginx sends an archive from a file."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.target import request
from processes.pdeathsig import with_pdeathsig
from processes.ports import LOOPBACK, reserve_port
from processes.termination import end

_START_SECONDS: Final = 10
_STOP_SECONDS: Final = 5
_POLL_SECONDS: Final = 0.02

# As many workers as the service has, and no log.
_CONFIGURATION: Final = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  default_type application/zip;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen {address}; root {folder}/files; }}
}}
"""


def is_installed() -> bool:
    """Return whether nginx is installed."""
    return shutil.which("nginx") is not None


@dataclass(frozen=True)
class Nginx:
    """A running nginx."""

    url: str
    pid: int


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Nginx]:
    """Serve files by name; yield the running nginx."""
    with tempfile.TemporaryDirectory() as name:
        folder, address = Path(name), f"{LOOPBACK}:{reserve_port()}"
        folder.chmod(0o755)  # the workers of nginx are another user if root starts it
        (folder / "files").mkdir()
        for file_name, content in files.items():
            (folder / "files" / file_name).write_bytes(content)
        configuration = folder / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, address=address))
        command = with_pdeathsig(["nginx", "-e", str(folder / "error.log"), "-c", str(configuration)], signal.SIGTERM)
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            _wait_for_answer(f"http://{address}")
            yield Nginx(f"http://{address}", process.pid)
        finally:
            end(process, signal.SIGTERM, _STOP_SECONDS)


def _wait_for_answer(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            request(url, "GET", "/")
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)

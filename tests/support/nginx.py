"""nginx for a test."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes.ports import LOOPBACK
from tests.support.programs import require_program, this_user
from tests.support.waiting import wait_until

_CONFIGURATION = """
daemon off;
user {user};
worker_processes 1;
worker_rlimit_nofile 8192;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {http}
}}
"""


@contextmanager
def running_nginx(folder: Path, http: str, port: int) -> Iterator[None]:
    """Run nginx until the end of the block. `http` is its configuration, and `port` one on which it listens."""
    configuration = _CONFIGURATION.format(user=this_user(), folder=folder, http=http)
    (folder / "nginx.conf").write_text(configuration)
    command = [require_program("nginx"), "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    process = subprocess.Popen(command)
    try:
        wait_until(lambda: _listens(port), "nginx listens")
        yield
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((LOOPBACK, port)) == 0

"""nginx for a test."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import require_program
from tests.support.waiting import wait_until


@contextmanager
def running_nginx(folder: Path, configuration: str, host: str, port: int) -> Iterator[None]:
    """Run nginx until the end of the block; `port` is one on which it listens."""
    (folder / "nginx.conf").write_text(configuration)
    command = [require_program("nginx"), "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    process = subprocess.Popen(command)
    try:
        wait_until(lambda: _listens(host, port), "nginx listens")
        yield
    finally:
        process.terminate()
        process.wait(30)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((host, port)) == 0

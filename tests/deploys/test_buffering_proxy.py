"""gunicorn behind the nginx of docs/operations.md: slow clients wait at the proxy and delay nobody."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.ports import LOOPBACK, free_port
from tests.support.hostile import STARTS, attacked, ping_seconds
from tests.support.settings import SECRETS
from tests.support.web import WebProcess, web_process

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
THREADS = 8  # of the one worker
ANSWER_SECONDS = 5  # measured: 0.1 s at the most
START_SECONDS = 30
CONFIGURATION = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {documented}
}}
"""


@pytest.fixture(scope="module")
def web(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """A gunicorn as it is deployed, with one worker."""
    environment = SECRETS | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "WEB_SERVER": "gunicorn",
        "TRUSTED_PROXIES": "1",
    }
    with web_process(environment, tmp_path_factory.mktemp("web") / "log") as process:
        yield process


@pytest.fixture(scope="module")
def proxy_port(web: WebProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx in front of it, with the lines of the operations guide."""
    if shutil.which("nginx") is None:
        missing = "nginx is not installed: bin/install-system"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    folder.chmod(0o755)  # nginx's workers are another user when root starts it
    block = re.search(r"```nginx\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    documented = block[1].replace("listen 443 ssl;", f"listen {LOOPBACK}:{port};").replace(":8001;", f":{web.port};")
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, documented=documented))
    nginx = subprocess.Popen(["nginx", "-e", str(folder / "error.log"), "-c", str(configuration)])
    try:
        _wait_for_answer(port, nginx, folder / "error.log")
        yield port
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.wait(START_SECONDS)


def _wait_for_answer(port: int, nginx: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while nginx.poll() is None and time.monotonic() < deadline:
        try:
            ping_seconds(port)
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"nginx does not answer: {log.read_text()[-2000:]}")


@pytest.mark.parametrize("kinds", [*([kind] for kind in STARTS), list(STARTS)], ids=" and ".join)
def test_slow_clients_wait_at_the_proxy(proxy_port: int, kinds: list[str]) -> None:
    with attacked(proxy_port, kinds, connections=10 * THREADS):
        for _ in range(5):
            assert ping_seconds(proxy_port) < ANSWER_SECONDS

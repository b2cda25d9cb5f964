"""gunicorn behind nginx as in docs/operations.md: slow clients wait at the proxy and do not delay others."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.ports import LOOPBACK, reserve_port
from tests.support.hostile import STARTS, attacked, ping_seconds
from tests.support.nginx import running_nginx
from tests.support.settings import SECRETS
from tests.support.web import WebProcess, web_process

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
THREADS = 8  # of its only worker


@pytest.fixture(scope="module")
def web(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """gunicorn as deployed, with one worker."""
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
    """The port of an nginx in front of it, with the configuration of the operations guide."""
    folder, port = tmp_path_factory.mktemp("nginx"), reserve_port()
    section = OPERATIONS.read_text(encoding="utf-8").split("\n## The proxy in front\n")[1]
    block = re.search(r"```nginx\n(.*?)```", section, re.DOTALL)
    assert block is not None
    documented = block[1].replace("listen 443 ssl;", f"listen {LOOPBACK}:{port};").replace(":8001;", f":{web.port};")
    with running_nginx(folder, f"access_log off;\n{documented}", port):
        yield port


@pytest.mark.parametrize("kinds", [*([kind] for kind in STARTS), list(STARTS)], ids=" and ".join)
def test_slow_clients_occupy_the_proxy_only(proxy_port: int, kinds: list[str]) -> None:
    """Each ping is answered while the slow clients hold ten times as many connections as there are threads."""
    with attacked(proxy_port, kinds, connections=10 * THREADS):
        durations = [ping_seconds(proxy_port) for _ in range(5)]  # fails without an answer within a minute
    assert len(durations) == 5

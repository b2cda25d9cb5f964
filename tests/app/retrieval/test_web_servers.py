"""The web process (bin/web): gunicorn, and granian as a choice for retrieval, answer alike."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.support.service import Service, download_code
from tests.support.settings import SECRETS

ROOT = Path(__file__).parents[3]
SERVER_OWN_HEADERS = {"Date", "Server", "Connection"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(service: Service, server: str, **changes: str) -> Iterator[str]:
    """Start bin/web for retrieval; return its address; stop it and check that it ends well."""
    address = f"127.0.0.1:{free_port()}"
    environment = SECRETS | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": service.settings.database_url.replace("+psycopg2", ""),
        "REDIS_URL": service.settings.redis_url,
        "SURFACES": "retrieval",
        "TRUSTED_PROXIES": "1",
        "WEB_SERVER": server,
        "WEB_CONCURRENCY": "1",
        "BIND_ADDR": address,
        **changes,
    }
    process = subprocess.Popen([ROOT / "bin" / "web"], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://{address}/services/ping")
        yield f"http://{address}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=30).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    pytest.fail("the web process did not answer")


def answers(url: str) -> list[tuple[int, bytes, dict[str, str]]]:
    """Return what a server answers to downloads, to conditions, to mistakes and to other methods."""
    now = datetime.now(UTC)
    day = int(now.timestamp()) // 86400
    path = f"/retrieve/302/{day}/{download_code(day, now)}"
    etag = requests.get(url + path, timeout=30).headers["ETag"]
    found = []
    for method, target, headers in (
        ("GET", path, {}),
        ("GET", path, {"If-None-Match": etag}),
        ("HEAD", path, {}),
        ("POST", path, {}),
        ("GET", path + "0", {}),
        ("GET", "/nothing", {}),
        ("GET", "//services//ping", {}),
        ("GET", "/services/present", {}),
        ("HEAD", "/services/ping", {}),
        ("GET", "/exposure-configuration/CA.json", {}),
    ):
        answer = requests.request(
            method, url + target, headers=headers | {"X-Request-Id": "one"}, timeout=30, allow_redirects=False
        )
        kept = {name.title(): value for name, value in answer.headers.items() if name.title() not in SERVER_OWN_HEADERS}
        found.append((answer.status_code, answer.content, kept))
    return found


def test_granian_answers_as_gunicorn_does(service: Service) -> None:
    with running(service, "gunicorn") as gunicorn, running(service, "granian") as granian:
        for one, other in zip(answers(gunicorn), answers(granian), strict=True):
            assert one == other


def test_nobody_gets_new_guesses_at_the_password_by_inventing_addresses(service: Service) -> None:
    for server in ("gunicorn", "granian"):
        service.app.context.redis.flushall()
        with running(service, server, RATE_LIMITS="on", RATE_LIMIT_EVENTS="3") as url:
            statuses = [
                requests.get(
                    f"{url}/events/2026-03-18",
                    headers={"X-Forwarded-For": "203.0.113.5", "X_Forwarded_For": f"192.0.2.{number}"},
                    timeout=30,
                ).status_code
                for number in range(9)
            ]
        assert statuses[-1] == 429, server


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"WEB_SERVER": "granian"}, "granian is for SURFACES=retrieval alone"),
        ({"WEB_SERVER": "apache"}, "'apache' is neither gunicorn nor granian"),
    ],
)
def test_a_choice_that_is_none_is_one_clear_line(environment: dict[str, str], reason: str) -> None:
    result = subprocess.run(
        [ROOT / "bin" / "web"], env={"PATH": os.environ["PATH"]} | environment, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert re.fullmatch(f"WEB_SERVER: {re.escape(reason)}\n", result.stderr)

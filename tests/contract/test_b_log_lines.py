"""Section B: the log of several processes that share one pipe, as under a supervisor or a container's runtime."""

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.web.logs import MAX_LINE_BYTES
from tests.support.settings import SECRETS
from tests.support.waiting import wait_until
from tests.support.web import WebProcess, web_process

REQUESTS = 300
# Below the longest header field that gunicorn accepts.
LONG = 8000
HOSTILE = (
    "a" * LONG,
    '"' * LONG,
    "\\" * LONG,
    "\xff" * LONG,
    'x" level=error msg="http response" ' * (LONG // 40),
)
LINE = re.compile(r'time=\S+Z level=info msg="http (request|response)" logger=http .*uuid=\S+')


def send(web: WebProcess, number: int) -> None:
    value = HOSTILE[number % len(HOSTILE)].encode("latin-1")
    fields = (b"Content-Type", b"Accept-Encoding", b"Accept-Encoding")
    header = b"".join(name + b": " + value + b"\r\n" for name in fields)
    request = b"GET /services/ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + b"\r\n"
    received, _ = web.exchange(request)
    assert received.startswith(b"HTTP/1.1 200 "), received[:80]


@pytest.mark.rule(6)
def test_lines_of_several_processes_stay_whole_whatever_clients_send(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    pipe, lines = tmp_path / "pipe", []
    os.mkfifo(pipe)

    def read() -> None:
        with pipe.open("rb") as log:
            lines.extend(log)

    reader = threading.Thread(target=read)
    reader.start()
    environment = SECRETS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WEB_CONCURRENCY": "3"}
    with web_process(environment, pipe) as web, ThreadPoolExecutor(16) as clients:
        list(clients.map(lambda number: send(web, number), range(REQUESTS)))
        wait_until(lambda: sum(b"logger=http " in line for line in lines) >= 2 * REQUESTS, "every line is written")
    reader.join(60)
    assert [len(line) for line in lines if len(line) > MAX_LINE_BYTES] == []
    requests = [line.decode("ascii").rstrip("\n") for line in lines if b"logger=http " in line]
    assert len(requests) == 2 * REQUESTS
    assert [line for line in requests if not LINE.fullmatch(line)] == []

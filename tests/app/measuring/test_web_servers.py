"""Counting across the processes of real web servers (app/measuring/folder.py)."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis import Redis

from app.measuring.folder import FOLDER
from app.measuring.increments import IncrementStore
from processes.ports import LOOPBACK
from tests.app.measuring.test_metrics import TOKEN, values
from tests.support.service import Service, bearer
from tests.support.settings import SECRETS
from tests.support.torture import both_servers, only_in_torture
from tests.support.waiting import wait_until
from tests.support.web import WebProcess, web_process, workers_of

ROOT = Path(__file__).parents[3]
PINGS = ("exposure_alert_requests_total", "GET", "/services/ping", "2xx", "common")
SERIES = ("exposure_alert_requests_total", tuple(zip(("method", "route", "status", "surface"), PINGS[1:], strict=True)))
WORKERS = 2


@pytest.fixture
def start(service: Service, tmp_path: Path) -> Iterator[Callable[..., WebProcess]]:
    """Start web servers with two workers, whose folders for metrics are made below the test's folder."""
    with ExitStack() as stack:

        def start_server(**environment: str) -> WebProcess:
            given: dict[str, Any] = {
                **SECRETS,
                "DATABASE_URL": service.settings.database_url,
                "REDIS_URL": service.settings.redis_url,
                "METRICS_TOKEN": TOKEN,
                "WEB_CONCURRENCY": str(WORKERS),
                "TRUSTED_PROXIES": "1",
                **environment,
            }
            return stack.enter_context(web_process(given, tmp_path / "log"))

        yield start_server


def request(web: WebProcess, path: str, headers: dict[str, str] | None = None) -> str:
    """Return the body of a response, from a connection of its own: any worker may accept it."""
    connection = HTTPConnection(LOOPBACK, web.port, timeout=60)
    try:
        connection.request("GET", path, headers=(headers or {}) | {"Connection": "close"})
        response = connection.getresponse()
        assert response.status == 200
        return response.read().decode()
    finally:
        connection.close()


def ping(web: WebProcess, times: int) -> None:
    for _ in range(times):
        request(web, "/services/ping")


def scrape(web: WebProcess) -> dict[tuple[str, ...], float]:
    return values(request(web, "/metrics", bearer(TOKEN)))


def folder_of(web: WebProcess) -> Path:
    """Return the folder in which the workers of a web process count. One of them may still be starting."""
    files = [Path(file.path) for worker in workers_of(psutil.Process(web.pid)) for file in worker.open_files()]
    (folder,) = {file.parent for file in files if file.name.startswith("slot-")}
    return folder


def slots(folder: Path) -> int:
    return len(list(folder.glob("slot-*")))


def flushed(service: Service) -> float:
    """Return how many pings are in Redis, in all minutes."""
    store = IncrementStore(service.app.context.redis)
    keys = service.app.context.redis.keys("metrics:minute:*")
    minutes = [int(key.rpartition(b":")[2]) for key in keys]
    claims = store.claim_until(max(minutes, default=0) + 1)
    return sum(store.read(claim).get(SERIES, 0) for claim in claims)


@both_servers
def test_each_worker_answers_for_all(start: Callable[..., WebProcess], service: Service, server: str) -> None:
    web = start(WEB_SERVER=server)
    ping(web, 20)
    for _ in range(6):
        found = scrape(web)
        assert found[PINGS] == 20
        assert found[("exposure_alert_request_duration_seconds_count", "/services/ping", "common")] == 20
    folder = folder_of(web)
    wait_until(lambda: slots(folder) == WORKERS, "the last worker has started")
    psutil.Process(web.pid).terminate()
    wait_until(lambda: not psutil.pid_exists(web.pid) or is_zombie(web.pid), "the server ends")
    assert not folder.exists()
    assert flushed(service) == 20, "workers flush when they end"


def is_zombie(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@both_servers
def test_a_killed_worker_is_still_counted(start: Callable[..., WebProcess], server: str) -> None:
    web = start(WEB_SERVER=server)
    server_process = psutil.Process(web.pid)
    for killed in range(2):
        ping(web, 10)
        victim = workers_of(server_process)[0]
        victim.kill()
        wait_until(
            lambda victim=victim: victim not in (alive := workers_of(server_process)) and len(alive) == WORKERS,
            "another worker starts",
            120,
        )
        wait_until(lambda web=web: answers(web), "the server answers", 120)
        assert scrape(web)[PINGS] == 10 * (killed + 1)
    assert slots(folder_of(web)) <= WORKERS + 1


def answers(web: WebProcess) -> bool:
    try:
        scrape(web)
    except OSError:
        return False
    return True


# granian takes ten seconds for each worker. gunicorn loads its configuration again each time.
@only_in_torture
@pytest.mark.parametrize(("chosen", "rounds"), [("granian", 2), ("gunicorn", 3)])
def test_workers_that_are_replaced_count_on(start: Callable[..., WebProcess], chosen: str, rounds: int) -> None:
    web = start(WEB_SERVER=chosen)
    server = psutil.Process(web.pid)
    total = 0
    for _ in range(rounds):
        ping(web, 7)
        total += 7
        before = workers_of(server)
        server.send_signal(signal.SIGHUP)
        wait_until(
            lambda before=before: len(workers_of(server)) == WORKERS and not set(before) & set(workers_of(server)),
            "all workers are replaced",
            180,
        )
        wait_until(lambda: answers(web), "the server answers", 120)
        assert scrape(web)[PINGS] == total
    folder = folder_of(web)
    assert slots(folder) <= 2 * WORKERS
    server.terminate()
    wait_until(lambda: is_zombie(web.pid), "the server ends")
    assert not folder.exists()


def test_a_slow_body_is_counted(start: Callable[..., WebProcess]) -> None:
    web = start(WEB_CONCURRENCY="1")
    with socket.create_connection((LOOPBACK, web.port), timeout=60) as client:
        client.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 408")
    assert scrape(web)[("exposure_alert_requests_total", "POST", "unmatched", "4xx", "common")] == 1


def test_a_given_folder_is_used_and_kept(start: Callable[..., WebProcess], tmp_path: Path) -> None:
    folder = tmp_path / "made" / "by-the-server"
    web = start(**{FOLDER: str(folder)})
    ping(web, 3)
    assert scrape(web)[PINGS] == 3
    wait_until(lambda: slots(folder) == WORKERS, "the last worker has started")
    psutil.Process(web.pid).terminate()
    wait_until(lambda: is_zombie(web.pid), "the server ends")
    assert slots(folder) == WORKERS


def test_the_folder_of_a_killed_server_is_removed_by_the_next() -> None:
    program = (
        "import sys; from app.measuring.folder import make_folder; print(make_folder(), flush=True); sys.stdin.read()"
    )
    servers = []
    for _ in range(3):
        server = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        servers.append((server, Path(server.stdout.readline().strip())))
        if len(servers) == 1:
            server.kill()
            server.wait(60)
    try:
        assert [folder.exists() for _, folder in servers] == [False, True, True]
    finally:
        for server, folder in servers:
            server.kill()
            server.communicate()
            shutil.rmtree(folder, ignore_errors=True)


def test_without_room_for_files_a_process_counts_for_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    program = (
        "import os, resource; from app.measuring.folder import FOLDER, join_folder, is_joined;"
        "assert not join_folder() and not is_joined(); os.environ[FOLDER] += '-of-a-full-disk';"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); assert not join_folder() and not is_joined();"
        "from app.measuring.instruments import Instruments; instruments = Instruments();"
        "instruments.count_check('redis', good=True); print(max(instruments.totals().values()))"
    )
    environment = {**os.environ, FOLDER: str(tmp_path / "file")}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "1.0\n"


def test_the_worker_counts_in_no_folder(service: Service, tmp_path: Path) -> None:
    environment = {
        **SECRETS,
        "PATH": os.environ["PATH"],
        "DATABASE_URL": service.settings.database_url,
        "REDIS_URL": service.settings.redis_url,
        "SURFACES": "submission,retrieval,status",
        FOLDER: str(tmp_path),
    }
    command = [sys.executable, "-m", "worker"]
    redis: Redis = service.app.context.redis
    with (tmp_path / "log").open("wb") as log:
        clock = subprocess.Popen([*command, "clock"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: redis.get("last-purge"), "a job ends")
    finally:
        for process in (clock, worker):
            process.terminate()
        assert [process.wait(60) for process in (clock, worker)] == [0, 0], (tmp_path / "log").read_text()
    totals = IncrementStore(redis).totals()
    assert totals[("exposure_alert_jobs_total", (("job", "purge"), ("result", "succeeded")))] >= 1
    assert totals[("exposure_alert_job_duration_seconds_count", (("job", "purge"),))] >= 1
    assert list(tmp_path.glob("*.db")) == []

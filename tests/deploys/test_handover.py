"""SIGHUP replaces the workers of a web process, and no request that has arrived is lost (docs/operations.md)."""

import os
import shutil
import signal
import threading
from pathlib import Path

import psutil

from tests.support.hostile import ping_seconds
from tests.support.settings import SECRETS
from tests.support.torture import both_servers
from tests.support.waiting import wait_until
from tests.support.web import web_process, workers_of

ROOT = Path(__file__).parents[2]
CLIENTS = 4
REPLACED_SECONDS = 120  # granian takes ten seconds for each worker
NEW_RELEASE = "this is the new release"


class Pinging:
    """Clients that send pings until the end of the block, each on a new connection, and what they received."""

    def __init__(self, port: int) -> None:
        self.answers = 0
        self.closed: list[str] = []
        self.failures: list[str] = []
        self._port = port
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ping) for _ in range(CLIENTS)]

    def __enter__(self) -> "Pinging":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ping(self) -> None:
        while not self._stopped.wait(0.02):
            try:
                self._send()
                self.answers += 1
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))

    def _send(self) -> None:
        try:
            ping_seconds(self._port)
        except ConnectionError as error:  # closed before the ping had arrived
            self.closed.append(repr(error))
            ping_seconds(self._port)


@both_servers
def test_no_request_is_lost_while_workers_are_replaced(
    server: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = SECRETS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WEB_SERVER": server}
    with web_process(environment, tmp_path / "log") as web, Pinging(web.port) as pinging:
        main = psutil.Process(web.pid)
        old = _workers(main)
        os.kill(web.pid, signal.SIGHUP)
        wait_until(lambda: (new := _workers(main)) and not new & old, "new workers only", REPLACED_SECONDS)
        wait_until(lambda: pinging.answers > CLIENTS or pinging.failures, "pings are answered", REPLACED_SECONDS)
    assert pinging.failures == []
    # granian's worker closes connections on which no request has arrived: at most one of each client.
    assert len(pinging.closed) <= (CLIENTS if server == "granian" else 0)


@both_servers
def test_new_workers_run_the_new_code(server: str, database_url: str, redis_url: str, tmp_path: Path) -> None:
    code = tmp_path / "code"
    for name in ("app", "bin", "migrations"):
        shutil.copytree(ROOT / name, code / name)
    shutil.copy(ROOT / "gunicorn.conf.py", code)
    environment = SECRETS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WEB_SERVER": server}
    with web_process(environment, tmp_path / "log", code) as web:
        ping_seconds(web.port)
        imported = code / "app" / "config" / "__init__.py"  # by the first process too
        with imported.open("a") as module:
            module.write(f"\nimport sys\nprint({NEW_RELEASE!r}, file=sys.stderr, flush=True)\n")
        os.kill(web.pid, signal.SIGHUP)
        wait_until(lambda: NEW_RELEASE in web.log.read_text(), "a worker with the new code", REPLACED_SECONDS)


def _workers(main: psutil.Process) -> set[int]:
    return {worker.pid for worker in workers_of(main)}

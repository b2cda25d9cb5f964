"""SIGHUP replaces the workers of a web process, and no request is lost (docs/operations.md)."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.support.hostile import ping_seconds
from tests.support.settings import SECRETS
from tests.support.web import web_process, workers_of

ROOT = Path(__file__).parents[2]
CLIENTS = 4
REPLACED_SECONDS = 120  # granian takes ten for a worker


class Asking:
    """Clients that ask again and again, each time on a new connection. `failures` is what they got instead."""

    def __init__(self, port: int) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self._port = port
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stopped.is_set():
            try:
                ping_seconds(self._port)
                self.answers += 1
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))


@pytest.mark.parametrize("server", ["granian", "gunicorn"])
def test_no_request_is_lost_while_workers_are_replaced(
    server: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = SECRETS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WEB_SERVER": server}
    with web_process(environment, tmp_path / "log") as web, Asking(web.port) as asking:
        main = psutil.Process(web.pid)
        old = _workers(main)
        os.kill(web.pid, signal.SIGHUP)
        deadline = time.monotonic() + REPLACED_SECONDS
        while not (new := _workers(main)) or new & old:
            assert time.monotonic() < deadline, "the workers were not replaced"
            time.sleep(0.1)
        ping_seconds(web.port)
    assert asking.answers > CLIENTS
    assert asking.failures == []


@pytest.mark.parametrize("server", ["granian", "gunicorn"])
def test_new_workers_run_the_new_code(server: str, database_url: str, redis_url: str, tmp_path: Path) -> None:
    code = tmp_path / "code"
    for name in ("app", "bin", "migrations"):
        shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "gunicorn.conf.py", code)
    environment = SECRETS | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WEB_SERVER": server}
    with web_process(environment, tmp_path / "log", code) as web:
        ping_seconds(web.port)
        with (code / "app" / "config" / "__init__.py").open("a") as module:  # which the first process has loaded too
            module.write("\nimport sys\nprint('this is the new release', file=sys.stderr, flush=True)\n")
        os.kill(web.pid, signal.SIGHUP)
        deadline = time.monotonic() + REPLACED_SECONDS
        while "this is the new release" not in web.log.read_text():
            assert time.monotonic() < deadline, "no worker runs the new code"
            time.sleep(0.1)


def _workers(main: psutil.Process) -> set[int]:
    return {worker.pid for worker in workers_of(main)}

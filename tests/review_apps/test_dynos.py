"""The processes of the Procfile with the variables of app.json, started and ended as in a dyno."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import text

from app.config import SUBMISSION
from app.upkeep.queues import queue_of
from processes.ports import reserve_port
from processes.procfile import read_procfile
from review_apps.programs import is_healthy
from tests.guards.test_app_json import values
from tests.review_apps.host import ROOT
from tests.support.service import Service
from tests.support.torture import only_in_ci, only_in_torture
from tests.support.waiting import wait_until
from tests.support.web import workers_of

pytestmark = only_in_ci

# Five seconds before Heroku kills what has not ended.
STOP_SECONDS = 25


class Dynos:
    """Starts processes of the Procfile, and kills those that a test leaves."""

    def __init__(self, service: Service) -> None:
        self.port = reserve_port()
        address = service.settings.database_url.replace("postgresql+psycopg2://", "postgres://")
        given = {"DATABASE_URL": address, "REDIS_URL": service.settings.redis_url, "PORT": str(self.port)}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._environment = {**values("review"), **given, "PATH": path, "BIND_ADDR": f"127.0.0.1:{self.port}"}
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        argv = read_procfile(ROOT / "Procfile")[name]
        self._started.append(subprocess.Popen(argv, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL))
        return self._started[-1]

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()


@pytest.fixture
def dynos(service: Service) -> Iterator[Dynos]:
    dynos = Dynos(service)
    yield dynos
    dynos.end()


def clients_of(web: "subprocess.Popen[bytes]") -> list[tuple[str, int]]:
    """Return the addresses of the clients that the workers of a web process are connected with."""
    workers = workers_of(psutil.Process(web.pid))
    return [
        tuple(connection.raddr) for worker in workers for connection in worker.net_connections() if connection.raddr
    ]


def listens(process: "subprocess.Popen[bytes]") -> bool:
    return any(socket.status == psutil.CONN_LISTEN for socket in psutil.Process(process.pid).net_connections())


def ends_in_time(process: "subprocess.Popen[bytes]") -> bool:
    process.send_signal(signal.SIGTERM)
    return process.wait(STOP_SECONDS) == 0


def test_web_answers_the_request_in_progress_when_it_is_stopped(dynos: Dynos) -> None:
    web = dynos.start("web")
    wait_until(lambda: is_healthy(dynos.port, {"path": "/services/ready"}), "the web process is ready")
    assert len(workers_of(psutil.Process(web.pid))) == 2
    with socket.create_connection(("127.0.0.1", dynos.port), timeout=60) as connection:
        connection.sendall(b"POST /claim-key HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
        mine = connection.getsockname()
        wait_until(lambda: mine in clients_of(web), "a worker accepts the connection")
        web.send_signal(signal.SIGTERM)
        wait_until(lambda: not listens(web), "the web process no longer listens")
        connection.sendall(b"half")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert web.wait(STOP_SECONDS) == 0


@only_in_torture
def test_worker_finishes_its_job_when_it_is_stopped_and_leaves_the_others_to_the_next(
    dynos: Dynos, service: Service
) -> None:
    with Redis.from_url(service.settings.redis_url) as redis:
        queue = queue_of(SUBMISSION, redis)
        jobs = [queue.enqueue_call("worker.jobs.purge.purge", result_ttl=500) for _ in range(3)]
        with service.database.transaction() as connection:
            connection.execute(text("LOCK TABLE encryption_keys"))  # for which the purge waits
            worker = dynos.start("worker")
            wait_until(lambda: jobs[0].get_status(refresh=True) == "started", "the worker starts the first job")
            worker.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert worker.poll() is None
        assert worker.wait(STOP_SECONDS) == 0
        assert jobs[0].get_status(refresh=True) == "finished"
        waiting = Queue(queue.name, connection=redis, serializer=queue.serializer).get_job_ids()
        assert waiting == [job.id for job in jobs[1:]]

        worker = dynos.start("worker")
        wait_until(lambda: all(job.get_status(refresh=True) == "finished" for job in jobs), "every job is finished")
        assert ends_in_time(worker)


@only_in_torture
def test_clock_ends_when_it_is_stopped(dynos: Dynos, service: Service) -> None:
    clock = dynos.start("clock")
    with Redis.from_url(service.settings.redis_url) as redis:
        wait_until(lambda: redis.keys("rq:queue:*"), "the clock enqueues a job")
    assert ends_in_time(clock)

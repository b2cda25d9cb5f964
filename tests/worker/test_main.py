"""The worker's two processes (worker/__main__.py), started as the Procfile starts them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from redis import Redis

from app.config import SUBMISSION
from app.upkeep.queues import queue_of
from processes.redis import EmbeddedRedis
from tests.support.service import Service
from tests.support.settings import SECRETS
from tests.support.torture import only_in_ci
from tests.support.waiting import wait_until
from worker.__main__ import main

ROOT = Path(__file__).parents[2]


def start(service: Service, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
    urls = {
        "DATABASE_URL": service.settings.database_url.replace("+psycopg2", ""),
        "REDIS_URL": service.settings.redis_url,
    }
    environment = {"PATH": os.environ["PATH"]} | SECRETS | urls | changes
    command = [sys.executable, "-m", "worker", *arguments]
    # A process waits once the pipe is full. What it logs in minutes of an outage is more than the default of 64 KiB.
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, pipesize=1 << 20)


def test_clock_and_worker_purge_and_build_and_stop_on_sigterm(service: Service) -> None:
    service.issue()
    service.execute("UPDATE encryption_keys SET created = now() - interval '2 days'")
    processes = [start(service), start(service, "clock"), start(service, "clock")]
    try:
        wait_until(lambda: count(service, "encryption_keys") == 0, "the expired code is purged")
        wait_until(lambda: count(service, "export_archives") == 32, "every archive is built")
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        endings = [ending_of(process) for process in processes]
    logs = "".join(log for _, log in endings)
    assert [code for code, _ in endings] == [0, 0, 0], logs
    assert "unclaimed_codes=1" in logs
    assert "Traceback" not in logs


def test_the_worker_runs_its_jobs_in_one_process_which_ends_with_it(service: Service) -> None:
    queue = queue_of(SUBMISSION, service.app.context.redis)
    worker = start(service)
    pids = []
    for _ in range(2):
        job = queue.enqueue_call("worker.jobs.purge.purge", result_ttl=500)
        wait_until(lambda job=job: job.get_status(refresh=True) == "finished", "the job is done")
        pids.append([child.pid for child in psutil.Process(worker.pid).children()])
    worker.send_signal(signal.SIGTERM)
    assert ending_of(worker)[0] == 0
    assert len(pids[0]) == 1
    assert pids[0] == pids[1]
    wait_until(lambda: not psutil.pid_exists(pids[0][0]), "the process of the jobs ends")


def count(service: Service, table: str) -> int:
    return service.rows(f"SELECT count(*) AS rows FROM {table}")[0].rows  # noqa: S608


def test_a_missing_setting_stops_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["clock"]) == 1
    assert capsys.readouterr().err.startswith("DATABASE_URL: missing")


def ending_of(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait until a process has ended; return its exit code and its log."""
    _, log = process.communicate(timeout=120)
    return process.returncode, log


@only_in_ci
def test_a_worker_that_loses_redis_during_a_job_goes_on_without_it(service: Service, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silence, EmbeddedRedis(tmp_path, durable=False) as server:
        client = Redis.from_url(server.url)
        queue_of(SUBMISSION, client).enqueue_call(
            "worker.jobs.report_failed_claims.report_failed_claims", job_id="long"
        )
        database = f"postgresql://nobody@127.0.0.1:{silence.getsockname()[1]}/none"
        worker = start(service, REDIS_URL=server.url, DATABASE_URL=database, DATABASE_TIMEOUT_SECONDS="2")
        wait_until(lambda: client.hget("rq:job:long", "status") == b"started", "the worker starts the job")
        client.close()
    assert worker.stderr is not None
    lines = iter(worker.stderr.readline, "")
    log = [next(line for line in lines if 'msg="job run without Redis" logger=worker.fallback job=purge' in line)]
    worker.send_signal(signal.SIGTERM)
    code, rest = ending_of(worker)
    assert code == 0
    assert all(line.startswith("time=") for line in [*log, *rest.splitlines()]), rest


@only_in_ci
def test_a_worker_stops_on_sigterm_while_redis_is_unreachable(service: Service, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        worker = start(service, REDIS_URL=server.url)
        client = Redis.from_url(server.url)
        wait_until(lambda: client.info("clients")["blocked_clients"], "the worker waits for a job")
        client.close()
    worker.send_signal(signal.SIGTERM)
    code, log = ending_of(worker)
    assert code == 0, log
    assert "Traceback" not in log

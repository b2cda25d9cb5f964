"""The worker's two processes (worker/__main__.py), started as the Procfile starts them."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from app.config import SUBMISSION
from processes.redis import EmbeddedRedis
from tests.support.service import Service
from tests.support.settings import SECRETS
from tests.support.torture import only_in_ci
from worker.__main__ import main
from worker.clock import queue_of

ROOT = Path(__file__).parents[2]


def start(service: Service, *words: str, **changes: str) -> "subprocess.Popen[str]":
    urls = {
        "DATABASE_URL": service.settings.database_url.replace("+psycopg2", ""),
        "REDIS_URL": service.settings.redis_url,
    }
    environment = {"PATH": os.environ["PATH"]} | SECRETS | urls | changes
    command = [sys.executable, "-m", "worker", *words]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def test_clock_and_worker_purge_and_build_and_stop_when_told(service: Service) -> None:
    service.issue()
    service.execute("UPDATE encryption_keys SET created = now() - interval '2 days'")
    processes = [start(service), start(service, "clock"), start(service, "clock")]
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            purged = service.rows("SELECT count(*) AS rows FROM encryption_keys")[0].rows == 0
            built = service.rows("SELECT count(*) AS rows FROM export_archives")[0].rows == 32
            if purged and built:
                break
            time.sleep(0.1)
        assert purged
        assert built
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(15) for process in processes]
        logs = "".join(process.stderr.read() for process in processes if process.stderr)
        for process in processes:
            if process.stderr:
                process.stderr.close()
    assert codes == [0, 0, 0], logs
    assert "unclaimed_codes=1" in logs
    assert "Traceback" not in logs


def test_a_missing_setting_stops_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["clock"]) == 1
    assert capsys.readouterr().err.startswith("DATABASE_URL: missing")


def ending_of(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait until a process has ended; return its exit code and what it said."""
    _, said = process.communicate(timeout=30)
    return process.returncode, said


def test_a_worker_that_finds_no_redis_fails_with_one_line(service: Service) -> None:
    code, said = ending_of(start(service, REDIS_URL="redis://127.0.0.1:1/0"))
    assert code == 1
    assert said.count("\n") == 1, said
    assert 'level=error msg="the worker cannot reach Redis"' in said


@only_in_ci
def test_a_worker_that_loses_redis_in_the_middle_of_a_job_fails_without_a_traceback(
    service: Service, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silence, EmbeddedRedis(tmp_path, durable=False) as server:
        client = Redis.from_url(server.url)
        queue_of(SUBMISSION, client).enqueue_call("worker.jobs.report_wrong_codes.report_wrong_codes", job_id="long")
        database = f"postgresql://nobody@127.0.0.1:{silence.getsockname()[1]}/none"
        worker = start(service, REDIS_URL=server.url, DATABASE_URL=database, DATABASE_TIMEOUT_SECONDS="2")
        deadline = time.monotonic() + 20
        while client.hget("rq:job:long", "status") != b"started" and time.monotonic() < deadline:
            time.sleep(0.05)
        client.close()
    code, said = ending_of(worker)
    assert code == 1
    assert 'msg="the worker cannot reach Redis"' in said
    assert "Traceback" not in said
    assert all(line.startswith("time=") for line in said.splitlines()), said


@only_in_ci
def test_a_worker_that_is_told_to_stop_while_redis_is_away_stops_well(service: Service, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        worker = start(service, REDIS_URL=server.url)
        client = Redis.from_url(server.url)
        deadline = time.monotonic() + 20
        while not client.smembers("rq:workers") and time.monotonic() < deadline:
            time.sleep(0.05)
        client.close()
        time.sleep(0.5)  # it waits for a job now
    worker.send_signal(signal.SIGTERM)
    code, said = ending_of(worker)
    assert code == 0, said
    assert "Traceback" not in said

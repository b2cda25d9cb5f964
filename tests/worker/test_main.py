"""The worker's two processes (worker/__main__.py), started as the Procfile starts them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.service import Service
from tests.support.settings import SECRETS
from worker.__main__ import main

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

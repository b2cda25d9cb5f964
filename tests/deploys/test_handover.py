"""While an application that is slow to start is deployed, the old one goes on (gunicorn.conf.py)."""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from processes.ports import free_port

CONFIGURATION = Path(__file__).parents[2] / "gunicorn.conf.py"
SLOW_TO_START = """
import os, time
time.sleep(2)
def application(environ, start_response):
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""


def who_answers(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        return int(connection.getresponse().read())
    finally:
        connection.close()


def test_nobody_waits_for_new_workers_to_start(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW_TO_START)
    port = free_port()
    gunicorn = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", f"--config={CONFIGURATION}", "--workers=1", "slow:application"],
        cwd=tmp_path,
        env=os.environ | {"BIND_ADDR": f"127.0.0.1:{port}", "PYTHONPATH": str(CONFIGURATION.parent)},
        stderr=subprocess.DEVNULL,
    )
    try:
        now = first = _when_it_answers(port)
        waits = []
        gunicorn.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while now == first and time.monotonic() < deadline:
            began = time.monotonic()
            now = who_answers(port)
            waits.append(time.monotonic() - began)
            time.sleep(0.02)
        assert now != first
        assert max(waits) < 1.5  # starting takes two
    finally:
        gunicorn.terminate()
        assert gunicorn.wait(30) == 0


def _when_it_answers(port: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return who_answers(port)
        except OSError:
            time.sleep(0.05)
    raise AssertionError("gunicorn does not start")

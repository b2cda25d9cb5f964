"""The journey of a newcomer: start the service, see it answer, stop it, find nothing left."""

import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from processes.ports import can_bind, reserve_port
from tests.support.cluster import put_cluster
from tests.support.serving import PING_HANDLER
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]

STUB_WEB = f"""{PING_HANDLER}
import os
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ping).serve_forever()
"""
RELEASE_THAT_CONNECTS = """
import os, psycopg2, redis
psycopg2.connect(os.environ["DATABASE_URL"]).close()
redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
print("released with", len(os.environ["SEALING_KEYS"]), "digits")
"""


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that have not ended. A zombie has: in a container its new parent may never reap it."""
    return [process for process in processes if not has_ended(process)]


def has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # between the two calls
        return True


def command(process: psutil.Process) -> str:
    """Return the command line of a process, or nothing when it ends at this moment."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


# Most tests need no servers, and making a database takes a second.
EXTERNAL_SERVERS = {"DATABASE_URL": "postgresql://external", "REDIS_URL": "redis://external"}


class Run:
    """One run of `python -m local`."""

    def __init__(self, directory: Path, procfile: Path, output: Path | None = None, **environment: str) -> None:
        self.port = int(environment.setdefault("PORT", str(reserve_port())))
        self.directory = directory
        self.output = output or procfile.with_name("output")
        unset = ("DATABASE_URL", "REDIS_URL", "BIND_ADDR")
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        with self.output.open("w") as output:
            self.process = psutil.Popen(
                [sys.executable, "-m", "local", "--directory", str(directory), "--procfile", str(procfile)],
                cwd=ROOT,
                env={**inherited, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.text
        return "Exposure Alert answers" in self.text

    def answers(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/services/ping"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def members(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)

    def leader(self, part: str) -> psutil.Process | None:
        children = still_running(self.process.children())
        return next((child for child in children if part in command(child)), None)

    def end(self) -> tuple[int, list[psutil.Process]]:
        """Ask it to stop; return its exit code and the processes that it left."""
        members = self.members()
        self.process.terminate()
        return self.process.wait(120), still_running(members)


@pytest.fixture
def start() -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(*arguments, **environment) -> Run:
        runs.append(Run(*arguments, **environment))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.is_running():
            run.end()


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """A Procfile of processes that do nothing, to see how they are run."""
    (tmp_path / "web.py").write_text(STUB_WEB)
    (tmp_path / "release.py").write_text("print('released')")
    procfile = tmp_path / "Procfile"
    procfile.write_text("release: python release.py\nweb: python web.py\nworker: sleep 60\nclock: sleep 60\n")
    return procfile


def fails(run: Run) -> str:
    """Return the last line of a run that fails, and leaves nothing running."""
    assert run.process.wait(120) == 1, run.text
    assert [p for p in psutil.process_iter() if str(run.directory) in command(p)] == []
    return run.text.strip().splitlines()[-1]


def test_the_service_starts_issues_a_code_and_leaves_no_process(start, tmp_path: Path) -> None:
    run = start(tmp_path / "var", ROOT / "Procfile", output=tmp_path / "output", WEB_CONCURRENCY="1")
    wait_until(run.is_ready, "the service is ready")
    curl = shlex.split(next(line for line in run.text.splitlines() if "curl" in line).partition(":")[2])
    assert curl[:4] == ["curl", "-X", "POST", "-H"]
    assert f"KEY_CLAIM_TOKEN={curl[4].split()[-1]}=302" in (tmp_path / "var" / "secrets.env").read_text()
    request = urllib.request.Request(curl[5], method="POST", headers=dict([curl[4].split(": ")]))  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        assert re.fullmatch(rb"[A-Z0-9]{10}\n", answer.read())
    front = next(line for line in run.text.splitlines() if "In a browser" in line).split()[-1]
    with urllib.request.urlopen(front, timeout=60) as answer:  # noqa: S310
        assert b"Local server</h1>" in answer.read()
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    with urllib.request.urlopen(f"{front}services/version.json", timeout=60) as answer:  # noqa: S310
        assert json.load(answer).get("revision", "") == revision
    assert re.search(r"supervisor   \| Redis: .* v=\d+\..*, /", run.text)
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700

    code, left = run.end()
    assert (code, left) == (0, []), run.text


def test_every_part_that_is_killed_comes_back_on_its_port(
    start, stub: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put_cluster(tmp_path / "var" / "postgres", tmp_path_factory)
    (tmp_path / "release.py").write_text(RELEASE_THAT_CONNECTS)
    run = start(tmp_path / "var", stub)
    wait_until(run.is_ready, "the service is ready")
    assert "release      | released with 64 digits" in run.text
    for part in ("postgres", "redis-server", "web.py"):
        killed = run.leader(part)
        port = next(c.laddr.port for c in killed.net_connections() if c.status == psutil.CONN_LISTEN)
        killed.kill()
        wait_until(lambda part=part, killed=killed: run.leader(part) not in (None, killed), f"{part} is restarted")
        wait_until(lambda port=port: not can_bind("127.0.0.1", port), f"{part} listens again")
    wait_until(run.answers, "the web process answers")


def test_servers_that_the_environment_names_are_used_instead(start, stub: Path, tmp_path: Path) -> None:
    run = start(tmp_path / "var", stub, **EXTERNAL_SERVERS)
    wait_until(run.is_ready, "the service is ready")
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == ["lock", "secrets.env", "settings.env"]
    assert run.leader("web.py").environ().items() >= EXTERNAL_SERVERS.items()


def test_variables_for_other_databases_do_not_count(
    start, stub: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put_cluster(tmp_path / "var" / "postgres", tmp_path_factory)
    (tmp_path / "release.py").write_text(RELEASE_THAT_CONNECTS)
    run = start(tmp_path / "var", stub, PGSSLMODE="require", PGSERVICE="elsewhere")
    wait_until(run.is_ready, "the service is ready")
    assert "PGSERVICE" not in run.leader("web.py").environ()


def test_the_settings_file_has_what_was_set_in_the_environment(start, stub: Path, tmp_path: Path) -> None:
    run = start(tmp_path / "var", stub, ONE_TIME_CODE_EXPIRY_MINUTES="5", **EXTERNAL_SERVERS)
    wait_until(run.is_ready, "the service is ready")
    path = tmp_path / "var" / "settings.env"
    lines = path.read_text().splitlines()
    assert "ONE_TIME_CODE_EXPIRY_MINUTES=5" in lines
    assert "DATABASE_URL=postgresql://external" in lines
    assert f"SERVICE_URL=http://127.0.0.1:{run.port}" in lines
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_run_in_the_same_folder_is_refused(start, stub: Path, tmp_path: Path) -> None:
    first = start(tmp_path / "var", stub, **EXTERNAL_SERVERS)
    wait_until(first.is_ready, "the first run is ready")
    second = subprocess.run(
        [sys.executable, "-m", "local", "--directory", str(tmp_path / "var")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr == f"The service is already running in this folder ({tmp_path / 'var'}).\n"
    assert first.answers()


def test_a_port_in_use_is_one_clear_line(start, stub: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        run = start(tmp_path / "var", stub, PORT=str(other.getsockname()[1]))
        assert fails(run).startswith(f"Cannot listen on 127.0.0.1:{run.port}: stop the program that uses this port")


def test_an_address_of_another_host_is_one_clear_line(start, stub: Path, tmp_path: Path) -> None:
    run = start(tmp_path / "var", stub, BIND_ADDR="192.0.2.1:8001")
    assert fails(run) == "Cannot listen on 192.0.2.1:8001: Cannot assign requested address"


def test_a_failing_release_is_one_clear_line(start, stub: Path, tmp_path: Path) -> None:
    (tmp_path / "release.py").write_text("raise SystemExit('no such table')")
    run = start(tmp_path / "var", stub, **EXTERNAL_SERVERS)
    assert fails(run) == "`release` of the Procfile failed with exit code 1: see the lines above."
    assert "release      | no such table" in run.text


def test_a_process_that_cannot_start_is_one_clear_line(start, stub: Path, tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text("raise SystemExit('SECRET_KEY: missing')")
    run = start(tmp_path / "var", stub, **EXTERNAL_SERVERS)
    assert fails(run) == "The service does not start: see the lines above."
    assert "web          | SECRET_KEY: missing" in run.text


def test_a_folder_that_cannot_be_made_is_one_clear_line(start, stub: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = start(tmp_path / "file" / "var", stub, PORT="8001")
    assert fails(run) == f"{tmp_path / 'file' / 'var'}: Not a directory"


def test_ctrl_c_while_the_database_is_made_stops_without_an_error(start, stub: Path, tmp_path: Path) -> None:
    run = start(tmp_path / "var", stub)
    wait_until((tmp_path / "var" / "postgres" / "data.new" / "PG_VERSION").exists, "the database is being made")
    group = os.getpgid(run.process.pid)
    for process in [run.process, *run.members()]:
        if os.getpgid(process.pid) == group:  # a terminal signals all of these
            process.send_signal(signal.SIGINT)
    assert run.process.wait(120) == 0, run.text
    assert "cannot make its database" not in run.text


def test_no_process_survives_a_killed_run(
    start, stub: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put_cluster(tmp_path / "var" / "postgres", tmp_path_factory)
    run = start(tmp_path / "var", stub)
    wait_until(run.is_ready, "the service is ready")
    members = run.members()
    assert members
    run.process.send_signal(signal.SIGKILL)
    run.process.wait(60)
    wait_until(lambda: still_running(members) == [], "every process ends with the killed run")

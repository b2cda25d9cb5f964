"""Upgrades and roll-backs with real processes and nginx under load, where a stand-in for systemctl starts the units."""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from app import create_app
from app.database.migrations import migrate_database
from deploy.host import proxy, switch
from deploy.host.errors import HostError
from deploy.host.host import Host
from deploy.host.plan import ETC, RELEASES, port
from deploy.host.releases import current
from deploy.host.settings import HostSettings
from deploy.host.units import unit_texts
from processes.ports import LOOPBACK, reserve_port
from tests.deploy_host.hosts import ROOT, environment, host_settings, process
from tests.support.programs import require_program
from tests.support.settings import SECRETS, make_settings
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

OLD, NEW = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
COPIED = ("app", "bin", "worker", "migrations", "deploy")
NGINX = """
daemon off; {user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  include {upstreams};
  server {{
    listen 127.0.0.1:{port};
    location / {{ include {passing}; proxy_pass http://submission; }}
  }}
}}
"""


class ScratchHost(Host):
    """A folder as a host, in which commands run, but systemctl's, which the stand-in answers."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.runs_commands = True
        self.systemctl = [sys.executable, str(Path(__file__).with_name("fake_systemctl.py")), str(root / "systemd")]

    def run(self, *argv: str, **options: object) -> str:
        if argv[0] != "systemctl":
            return ""  # grants: the database of the test has one role
        done = subprocess.run([*self.systemctl, *argv[1:]], capture_output=True, text=True, timeout=200)
        if done.returncode:
            raise HostError(done.stderr.strip() or f"{argv} failed")
        return done.stdout

    def succeeds(self, *argv: str) -> bool:
        return subprocess.run([*self.systemctl, *argv[1:]], capture_output=True, timeout=60).returncode == 0

    def version(self) -> str:
        """Return the revision that nginx's upstream reports."""
        return json.loads(get(self.port, "/services/version.json")[1])["revision"]

    port = 0


def get(at: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(LOOPBACK, at, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Load:
    """Clients that send requests until the end of the block, each on a new connection; counts what they received."""

    def __init__(self, at: int) -> None:
        self.received: Counter[str] = Counter()
        self._port, self._stopped = at, threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(2)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        while not self._stopped.wait(0.05):
            try:
                self.received[str(get(self._port, "/services/version.json")[0])] += 1
            except (OSError, ValueError) as error:
                self.received[repr(error)] += 1


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostSettings]:
    with pytest.MonkeyPatch.context() as patched:
        slots = dict(zip(("blue", "green"), (reserve_port(), reserve_port()), strict=True))
        patched.setattr("deploy.host.plan.SLOTS", slots)
        yield host_settings(tmp_path_factory.mktemp("settings"), SURFACES="submission", WEB_CONCURRENCY="1")


@pytest.fixture(scope="module")
def host(
    settings: HostSettings, tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str
) -> Iterator[ScratchHost]:
    """A host on which the old release serves, behind nginx. Each test leaves it so."""
    app = create_app(make_settings(database_url, redis_url))
    migrate_database(app)
    app.context.database.dispose()
    host = ScratchHost(tmp_path_factory.mktemp("scratch") / "host")
    prepare(host, settings, database_url, redis_url)
    make_release(host, OLD)
    nginx, host.port = require_program("nginx"), reserve_port()
    folder = host.path("systemd")
    (folder / "tmp").mkdir()
    configuration = NGINX.format(
        user="user root;" if os.geteuid() == 0 else "",
        folder=folder,
        port=host.port,
        upstreams=host.path(f"{proxy.FOLDER}/upstreams.conf"),
        passing=ROOT / "deploy" / "proxy" / "snippets" / "pass.conf.template",
    )
    (folder / "nginx.conf").write_text(configuration)
    with process([nginx, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")], {}, folder / "nginx.log"):
        try:
            wait_until((folder / "nginx.pid").exists, "nginx runs")
            switch.switch(host, settings, host.path(f"{RELEASES}/releases/{OLD}"))
            wait_until(lambda: host.version() == OLD, "the old release serves")
            yield host
        finally:
            end_all(folder / "state")


@pytest.fixture
def new(host: ScratchHost) -> Iterator[Path]:
    """Another release, which does not serve yet."""
    yield make_release(host, NEW)
    shutil.rmtree(host.path(f"{RELEASES}/releases/{NEW}"))


def end_all(state: Path) -> None:
    """End the processes of all units, and what they started."""
    running = []
    for file in state.iterdir():
        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(int(file.read_text()))
            running += [*main.children(recursive=True), main]
            main.terminate()
    _, remaining = psutil.wait_procs(running, 30)
    for left in remaining:
        with suppress(psutil.NoSuchProcess):
            left.kill()


def prepare(host: ScratchHost, settings: HostSettings, database_url: str, redis_url: str) -> None:
    """Write what the units need."""
    folder = host.path("systemd")
    for path in (folder / "units", folder / "state", host.path(f"{RELEASES}/releases"), host.path(f"{ETC}/proxy")):
        path.mkdir(parents=True)
    for name, text in unit_texts(settings).items():
        text = re.sub(r"(?<![\w.])/(srv|etc)/exposure-alert", rf"{host.root}/\1/exposure-alert", text)
        (folder / "units" / name).write_text(text)
    (folder / "environment.json").write_text(json.dumps(environment({})))
    own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PATH": environment({})["PATH"]}
    (folder / "overrides.json").write_text(json.dumps(own))
    values = SECRETS | {"SURFACES": "submission", "ENV": "test", "WEB_CONCURRENCY": "1", "TRUSTED_PROXIES": "1"}
    for path in ("secrets/submission", "processes/migrate", "processes/clock"):
        host.write(f"{ETC}/{path}.env", "".join(f"{name}={value}\n" for name, value in values.items()))
    for slot in ("blue", "green"):
        host.write(f"{ETC}/processes/web-submission-{slot}.env", f"BIND_ADDR={LOOPBACK}:{port('submission', slot)}\n")
        host.write(f"{proxy.FOLDER}/upstreams-{slot}.conf", proxy.upstreams(settings, slot))
    host.link(f"{proxy.FOLDER}/upstreams.conf", "upstreams-blue.conf")


def make_release(host: ScratchHost, name: str) -> Path:
    """Copy this source as a release, with the packages of the tests. Compiled modules spare each process seconds."""
    folder = host.path(f"{RELEASES}/releases/{name}")
    for part in COPIED:
        shutil.copytree(ROOT / part, folder / part)
        compileall.compile_dir(folder / part, quiet=1)  # only what the tests have not compiled
    (folder / ".venv" / "bin").mkdir(parents=True)
    for program in ("python", "flask"):
        script = f'#!/bin/sh\nexec {Path(sys.executable).with_name(program)} "$@"\n'
        (folder / ".venv" / "bin" / program).write_text(script)
        (folder / ".venv" / "bin" / program).chmod(0o755)
    (folder / "release.env").write_text(f"REVISION={name}\nBRANCH=main\n")
    return folder


def test_an_upgrade_and_a_roll_back_lose_no_request(host: ScratchHost, settings: HostSettings, new: Path) -> None:
    old = host.path(f"{RELEASES}/releases/{OLD}")
    calls = host.path("systemd/calls")
    calls.write_text("")
    with Load(host.port) as load:
        wait_until(lambda: sum(load.received.values()) > 20, "requests are answered")
        switch.switch(host, settings, new)
        assert host.version() == NEW
        assert (current(host), current(host, "previous")) == (new, old)
        switch.switch(host, settings, old, migrate=False)
        assert host.version() == OLD
        assert (current(host), current(host, "previous")) == (old, new)
        switch.switch(host, settings, old)  # new processes of the same release
        assert (current(host), current(host, "previous")) == (old, new)
    assert set(load.received) == {"200"}
    # The processes of one slot run, with one worker and the clock.
    running = sorted(path.name for path in host.path("systemd/state").iterdir())
    assert running == [
        "exposure-alert-clock.service",
        f"exposure-alert-web-submission@{proxy.active_slot(host)}.service",
        "exposure-alert-worker-submission.service",
    ]
    assert calls.read_text().count("start exposure-alert-migrate@") == 2  # not to roll back


# Each breakage: the file, the line, and what the operator is told.
BREAKAGES = {
    "a web process that ends": ("app/web/server.py", 'raise SystemExit("broken")\n', "the web process has ended"),
    "a web process that is not ready": ("app/health/views.py", "\n_state = lambda check: 'down'\n", "is not ready"),
    "a migration that fails": ("migrations/env.py", 'raise SystemExit("broken")\n', "broken"),
    "a worker that ends": ("worker/__main__.py", 'raise SystemExit("broken")\n', "does not run"),
}


# The worker of a release starts last, when requests are already sent to it: only then must they be sent back. The
# others fail before that, and none of what serves has been changed.
@pytest.mark.parametrize(
    "breakage",
    ["a worker that ends", *(pytest.param(each, marks=only_in_torture) for each in list(BREAKAGES)[:3])],
)
def test_a_broken_release_never_serves(
    breakage: str, host: ScratchHost, settings: HostSettings, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, line, told = BREAKAGES[breakage]
    if told == "is not ready":
        monkeypatch.setattr(switch, "READY_SECONDS", 5.0)
    text = (new / name).read_text()
    head, separator, tail = text.partition("\nimport ")
    (new / name).write_text(head + "\n" + line + separator + tail if line.startswith("raise") else text + line)
    slot = proxy.active_slot(host)
    with Load(host.port) as load:
        wait_until(lambda: sum(load.received.values()) > 20, "requests are answered")
        with pytest.raises(HostError, match=told):
            switch.switch(host, settings, new)
    assert set(load.received) == {"200"}
    assert (host.version(), proxy.active_slot(host)) == (OLD, slot)
    assert current(host) == host.path(f"{RELEASES}/releases/{OLD}")
    assert host.succeeds("systemctl", "is-active", "exposure-alert-worker-submission.service")
    web = [path.name for path in host.path("systemd/state").iterdir() if "web" in path.name]
    assert web == [f"exposure-alert-web-submission@{slot}.service"]

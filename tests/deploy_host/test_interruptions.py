"""Commands that are interrupted: by Ctrl-C, by SIGTERM, by a lost connection, by a loss of power."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from deploy.host import __main__ as command
from deploy.host import backup, proxy, releases, switch
from deploy.host.host import report
from deploy.host.install import configure
from deploy.host.plan import RELEASES
from deploy.host.settings import HostSettings
from tests.deploy_host.hosts import NEW, OLD, ROOT, InterruptedHost, environment, host_settings, serving
from tests.support.programs import psql_program
from tests.support.roles import run_as_owner
from tests.support.settings import SECRETS
from tests.support.torture import only_in_torture
from tests.support.waiting import wait_until

WEB = "exposure-alert-web-submission@{}.service"


@pytest.fixture
def settings(tmp_path: Path) -> HostSettings:
    return host_settings(tmp_path, SURFACES="submission")


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "DRAIN_SECONDS", 0)
    monkeypatch.setattr(switch, "_SETTLE_SECONDS", 0)
    monkeypatch.setattr(switch, "readiness", lambda *_: "")


@pytest.mark.parametrize("at", ["start exposure-alert-migrate@", f"restart {WEB.format('green')}"])
def test_an_upgrade_that_is_interrupted_before_it_serves_leaves_no_new_process(
    at: str, tmp_path: Path, settings: HostSettings
) -> None:
    host = serving(tmp_path, at)
    with pytest.raises(KeyboardInterrupt):
        switch.switch(host, settings, host.path(f"{RELEASES}/releases/{NEW}"))
    assert host.commands[-1] == f"systemctl disable --quiet --now {WEB.format('green')}"
    assert proxy.active_slot(host) == "blue"


@pytest.mark.parametrize("at", [f"reload-or-restart {proxy.UNIT}", "restart exposure-alert-worker-submission"])
def test_an_upgrade_that_is_interrupted_while_it_takes_over_is_undone(
    at: str, tmp_path: Path, settings: HostSettings
) -> None:
    host = serving(tmp_path, at)
    with pytest.raises(KeyboardInterrupt):
        switch.switch(host, settings, host.path(f"{RELEASES}/releases/{NEW}"))
    assert proxy.active_slot(host) == "blue"
    assert releases.current(host) == host.path(f"{RELEASES}/releases/{OLD}")
    assert host.commands[-1] == f"systemctl disable --quiet --now {WEB.format('green')}"


@pytest.mark.parametrize(
    "at",
    [
        "systemctl restart postgresql@15-main.service",
        pytest.param("systemctl daemon-reload", marks=only_in_torture),
        pytest.param("systemctl restart exposure-alert-redis.service", marks=only_in_torture),
        "nft --check",
        pytest.param("systemctl restart nftables.service", marks=only_in_torture),
        pytest.param("systemctl restart systemd-journald.service", marks=only_in_torture),
    ],
)
def test_an_installation_that_is_interrupted_before_its_files_are_used_is_completed_by_the_next(
    at: str, tmp_path: Path, settings: HostSettings
) -> None:
    host = serving(tmp_path, at)
    release = host.path(f"{RELEASES}/releases/{OLD}")
    with pytest.raises(KeyboardInterrupt):
        configure(host, settings, release)
    host.commands.clear()
    configure(host, settings, release)
    assert any(at in command for command in host.commands)
    host.commands.clear()
    configure(host, settings, release)
    assert not any(at in command for command in host.commands)


def test_a_restart_with_another_surface_adds_its_users(
    tmp_path: Path, settings: HostSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = serving(tmp_path, "start exposure-alert-migrate@")
    monkeypatch.chdir(host.path(f"{RELEASES}/releases/{OLD}"))
    with pytest.raises(KeyboardInterrupt):
        command._switch(host, settings, SimpleNamespace(mode="upgrade"))
    useradd = "useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "
    added = [line.removeprefix(useradd) for line in host.commands if line.startswith("useradd")]
    assert {"ea-submission", "ea-worker-submission"} <= set(added)


class PowerlessHost(InterruptedHost):
    """A host that loses its power at a command: nothing after it happens."""

    def run(self, *argv: str, **options: object) -> str:
        if not self.at:
            raise KeyboardInterrupt
        return super().run(*argv, **options)

    def link(self, path: str, target: str) -> None:
        if not self.at:
            raise KeyboardInterrupt
        super().link(path, target)


def test_a_roll_back_after_a_loss_of_power_brings_the_release_before_not_an_older_one(
    tmp_path: Path, settings: HostSettings
) -> None:
    serving(tmp_path, "")
    host = PowerlessHost(tmp_path / "host", "restart exposure-alert-worker-submission")
    older = host.path(f"{RELEASES}/releases/cccccccccccc")
    older.mkdir()
    host.link(f"{RELEASES}/previous", f"releases/{older.name}")
    with pytest.raises(KeyboardInterrupt):
        switch.switch(host, settings, host.path(f"{RELEASES}/releases/{NEW}"))
    assert [releases.current(host, link).name for link in ("current", "previous")] == [NEW, OLD]

    host.at, host.commands = "restart exposure-alert-worker-submission", []
    host.link(f"{RELEASES}/current", f"releases/{OLD}")
    host.link(f"{RELEASES}/previous", f"releases/{older.name}")
    with pytest.raises(KeyboardInterrupt):
        switch.switch(serving(tmp_path, host.at), settings, host.path(f"{RELEASES}/releases/{NEW}"))
    assert [releases.current(host, link).name for link in ("current", "previous")] == [OLD, older.name]


def test_what_nginx_asks_starts_with_a_host_that_restarts_during_an_upgrade(
    tmp_path: Path, settings: HostSettings
) -> None:
    host = serving(tmp_path, "")
    switch.switch(host, settings, host.path(f"{RELEASES}/releases/{NEW}"))
    enabled = host.commands.index(f"systemctl enable --quiet {WEB.format('green')}")
    assert enabled < host.commands.index(f"systemctl reload-or-restart {proxy.UNIT}")


def test_a_lost_connection_does_not_interrupt_and_sigterm_does_as_ctrl_c(tmp_path: Path) -> None:
    script = (
        "import sys, time; from deploy.host import __main__ as command; command._LOCK = sys.argv[1]\n"
        "with command._locked():\n  try: print('locked', flush=True); time.sleep(60)\n"
        "  except KeyboardInterrupt: print('interrupted')\n"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "lock")]
    with subprocess.Popen(argv, cwd=ROOT, env=environment({}), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "locked\n"
        running.send_signal(signal.SIGHUP)
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == "interrupted\n"
        assert running.wait(60) == 0


def test_progress_is_not_reported_to_a_terminal_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    write = Mock(side_effect=OSError(5, "Input/output error"))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=write, flush=lambda: None))
    report("a line")
    assert write.called


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_of_a_release_puts_everything_back_before_an_interrupted_one_ends(
    number: signal.Signals, tmp_path: Path
) -> None:
    (tmp_path / "deploy" / "host").mkdir(parents=True)
    for path in ("deploy/__init__.py", "deploy/host/__init__.py"):
        (tmp_path / path).touch()
    # Both get a Ctrl-C of the terminal; SIGTERM was for the other one.
    (tmp_path / "deploy" / "host" / "__main__.py").write_text(
        f"import os, signal, time\nsignal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        f"try:\n  os.kill(os.getppid(), {number:d})\n  if {number == signal.SIGINT}: os.kill(os.getpid(), {number:d})\n"
        "  time.sleep(60)\nexcept KeyboardInterrupt:\n  time.sleep(1)\n  open('put-back', 'w').close()\n"
        "  raise SystemExit(130)\n"
    )
    script = (
        "import pathlib, sys; from deploy.host import releases as r; sys.exit(r.run_release(pathlib.Path(sys.argv[1])))"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, env=environment({}), check=False)
    assert done.returncode == 130
    assert (tmp_path / "put-back").exists()


@pytest.fixture
def scratch_url(database_url: str) -> Iterator[str]:
    """The URL of an empty scratch database."""
    run_as_owner(database_url, "CREATE DATABASE interrupted")
    yield database_url.rpartition("/")[0] + "/interrupted"
    run_as_owner(database_url, "DROP DATABASE interrupted WITH (FORCE)")


def test_a_rehearsal_that_is_stopped_leaves_no_copy_in_clear_text(tmp_path: Path, scratch_url: str) -> None:
    folder, programs = tmp_path / "backups", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    (folder / f"2026-01-01T000000Z{backup.SUFFIX}").write_text("x")
    # age --decrypt --identity KEY --output DUMP BACKUP
    (programs / "age").write_text('#!/bin/sh\necho clear > "$5"\nexec sleep 1000\n')
    (programs / "age").chmod(0o755)
    (programs / "psql").symlink_to(psql_program())
    values = environment(SECRETS | {"DATABASE_URL": scratch_url, "REDIS_URL": "redis://127.0.0.1:1"})
    values["PATH"] = f"{programs}:{values['PATH']}"
    argv = [sys.executable, "-m", "deploy.host.rehearsal", str(folder), str(tmp_path / "key")]
    with subprocess.Popen(argv, cwd=ROOT, env=values, stderr=subprocess.DEVNULL) as running:
        wait_until(lambda: list(folder.glob(".rehearsal-*")) != [], "the copy is made")
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) != 0
    assert list(folder.glob(".*")) == []


def test_a_backup_deletes_what_a_loss_of_power_has_left_in_clear_text(tmp_path: Path) -> None:
    now = time.time()
    for name, hours in ((".2026-01-01T000000Z.dump", 0), (".rehearsal-7.dump", 25), (".restore-8.dump", 1)):
        (tmp_path / name).write_text("clear")
        os.utime(tmp_path / name, (now - hours * 3600,) * 2)
    backup.delete_leftovers(tmp_path, now)
    assert [path.name for path in tmp_path.iterdir()] == [".restore-8.dump"]  # a restore may use it


def test_a_scheduler_that_is_stopped_ends_its_task_first(tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.default_int_handler)\ntry:\n"
        "  open('begun', 'w').close()\n  time.sleep(60)\nfinally:\n  time.sleep(1)\n  open('cleaned', 'w').close()\n"
    )
    script = (
        "import pathlib; from deploy.compose import scheduler as s; s.BACKUPS = '.'; "
        "s.TASKS = (s.Task('backup', ('task',), 1e9, 0.0, ''),); s.main()"
    )
    values = environment({"PYTHONPATH": f"{ROOT}:{tmp_path}"})
    tmp_path.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=values) as running:
        wait_until((tmp_path / "begun").exists, "the task runs")
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    assert (tmp_path / "cleaned").exists()
    assert tmp_path.stat().st_mode & 0o777 == 0o700  # it is that of the backups

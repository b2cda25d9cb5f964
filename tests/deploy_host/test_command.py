"""The operator's command, `exposure-alert`."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.host import __main__ as command
from deploy.host.errors import HostError
from deploy.host.host import Host
from deploy.host.plan import DOWNLOADS, RELEASES
from deploy.host.system import install_command
from tests.deploy_host.hosts import ROOT, environment, host_settings, write_settings


def test_files_are_named_relative_to_the_folder_of_the_operator(tmp_path: Path) -> None:
    host, folder = Host(tmp_path / "host"), tmp_path / "a folder"
    folder.mkdir()
    install_command(host)
    text = host.path("/usr/local/sbin/exposure-alert").read_text()
    script = text.replace(f"{RELEASES}/current", str(ROOT)).replace("/usr/bin/python3 -m deploy.host", "env")
    done = subprocess.run(["sh", "-c", script], cwd=folder, env=environment({}), capture_output=True, text=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("EXPOSURE_ALERT_")]
    argv = [sys.executable, "-m", "deploy.host", "--settings", "one.conf", "--root", "a", "status"]
    values = environment(dict([line.split("=", 1)]))
    done = subprocess.run(argv, cwd=ROOT, env=values, capture_output=True, text=True)
    assert f"{folder}/one.conf: No such file" in done.stderr


def test_settings_in_another_encoding_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "host.conf"
    file.write_bytes("# Hôte de Montréal\n".encode("latin-1"))
    argv = [sys.executable, "-m", "deploy.host", "--root", tmp_path, "--settings", file, "status"]
    done = subprocess.run(argv, cwd=ROOT, env=environment({}), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"exposure-alert: {file}: is not UTF-8: convert it\n")


def test_users_of_the_service_read_its_files_whatever_the_umask_of_root(tmp_path: Path) -> None:
    settings, root = write_settings(tmp_path / "host.conf"), tmp_path / "host"
    argv = [sys.executable, "-m", "deploy.host", "--root", root, "--settings", settings, "install"]
    subprocess.run(argv, cwd=ROOT, env=environment({}), umask=0o077, capture_output=True, check=True)
    folder = root / "etc/exposure-alert/proxy/sites"
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder.parent)] == ["0o755", "0o755"]


def test_the_source_of_an_import_reaches_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, became = Host(tmp_path / "host"), list[tuple[list[str], dict[str, str]]]()
    host.path(f"{RELEASES}/current").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)  # which is changed
    monkeypatch.setattr(os, "execvpe", lambda _file, argv, values: became.append((argv, values)))
    monkeypatch.setenv("IMPORT_SOURCE", "mysql://mover@db.example.org/covidshield")
    monkeypatch.setenv("ANOTHER", "1")
    command._flask(host, host_settings(tmp_path), SimpleNamespace(process="owner", arguments=["import"]))
    ((argv, values),) = became
    assert argv[-1] == "import"
    assert values["IMPORT_SOURCE"] == "mysql://mover@db.example.org/covidshield"
    assert "ANOTHER" not in values


@pytest.mark.parametrize(("downloads", "is_kept"), [("files", True), ("service", False)])
def test_archives_that_nothing_deletes_any_more_are_deleted_with_the_restart(
    downloads: str, is_kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path / "host")
    archive = host.path(f"{DOWNLOADS}/retrieve/302/20000/archive")
    archive.parent.mkdir(parents=True)
    archive.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "switch", lambda *_, **__: None)
    command._switch(host, host_settings(tmp_path, DOWNLOADS=downloads), SimpleNamespace(mode="upgrade"))
    assert archive.exists() is is_kept


def test_a_command_does_not_change_the_host_while_another_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(HostError, match="another exposure-alert command runs"), command._locked():
            pass
    with command._locked(), command._locked():  # that of the release which the first one starts
        assert "EXPOSURE_ALERT_LOCKED" in os.environ
    assert "EXPOSURE_ALERT_LOCKED" not in os.environ


@pytest.mark.parametrize(("status", "ran"), [(0, ["new switch upgrade"]), (1, ["new switch upgrade", "old install"])])
def test_the_files_of_the_old_release_are_put_back_after_a_failure_alone(
    status: int, ran: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, called, deleted = Host(tmp_path / "host"), list[str](), list[Host]()
    for name in ("old", "new"):
        host.path(f"{RELEASES}/releases/{name}").mkdir(parents=True)
    host.link(f"{RELEASES}/current", "releases/old")
    monkeypatch.setattr(command, "run_release", lambda at, *words: called.append(" ".join([at.name, *words])) or status)
    monkeypatch.setattr(command.releases, "delete_old", lambda host: deleted.append(host) or [])
    assert command._let_serve(host, host.path(f"{RELEASES}/releases/new"), "upgrade") == status
    assert (called, bool(deleted)) == (ran, status == 0)

"""The operator's command, `exposure-alert`."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.host import __main__ as command
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

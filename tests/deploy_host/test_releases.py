"""Releases are built whole from a repository, and old ones are deleted, never one in use."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.host import __main__ as command
from deploy.host.errors import HostError
from deploy.host.host import Host
from deploy.host.plan import RELEASES
from deploy.host.releases import build, delete_old, fetch, revision, serves
from tests.deploy_host.hosts import host_settings


def test_a_release_is_built_whole_or_again(tmp_path: Path) -> None:
    """The commands of git, tar and bin/install run; only the packages are not downloaded."""
    repository, root = tmp_path / "repository", tmp_path / "root"
    (repository / "bin").mkdir(parents=True)
    script = ("#!/bin/sh", "mkdir -p .venv/bin", "cp /bin/true .venv/bin/python", "test ! -e fail")
    (repository / "bin" / "install").write_text("\n".join(script) + "\n")
    (repository / "bin" / "install").chmod(0o755)
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run([*git, *arguments], check=True)
    host = Host(root)
    host.runs_commands = True
    host.path(f"{RELEASES}/releases").mkdir(parents=True)
    settings = host_settings(tmp_path, SOURCE=str(repository))
    commit = fetch(host, settings, "v1")
    folder = build(host, commit, "v1")
    assert (revision(folder), (folder / "release.env").read_text().splitlines()[1]) == (commit, "BRANCH=v1")
    assert fetch(host, settings, "main") == fetch(host, settings, commit[:10]) == commit
    with pytest.raises(HostError, match="v2: not a tag"):
        fetch(host, settings, "v2")

    assert not serves(host, "v1")
    host.link(f"{RELEASES}/current", f"releases/{folder.name}")
    assert [serves(host, version) for version in ("v1", "main", "v2")] == [True, True, False]

    (repository / "fail").touch()
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "two"], check=True)
    commit = fetch(host, settings, "main")
    with pytest.raises(HostError, match="bin/install failed"):
        build(host, commit, "main")
    broken = host.path(f"{RELEASES}/releases/{commit[:12]}")
    assert not broken.exists()  # what filled the disk is free again

    for number in range(6):
        other = host.path(f"{RELEASES}/releases/{number:012}")
        other.mkdir()
        os.utime(other, (number, number))
    host.link(f"{RELEASES}/current", "releases/000000000000")
    (other.parent / "bbbbbbbbbbbb.tar").touch()  # of a build that a loss of power ended
    os.utime(other.parent / "bbbbbbbbbbbb.tar", (0, 0))
    delete_old(host)
    (other.parent / "bbbbbbbbbbbb.tar").unlink()
    assert sorted(path.name for path in other.parent.iterdir()) == sorted(
        ["000000000000", "000000000003", "000000000004", "000000000005", folder.name]
    )


@pytest.mark.parametrize(("version", "rolled_back"), [("v2", False), ("v1", True), ("", True)])
def test_the_roll_back_of_an_upgrade_that_failed_does_not_bring_the_release_before(
    version: str, rolled_back: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """v2 failed, so v1 still serves, and the release before v1 is `previous`."""
    host, called = Host(tmp_path / "root"), list[str]()
    for name in ("before", "v1"):
        host.path(f"{RELEASES}/releases/{name}").mkdir(parents=True)
    host.link(f"{RELEASES}/current", "releases/v1")
    host.link(f"{RELEASES}/previous", "releases/before")
    monkeypatch.setattr("deploy.host.releases._commit", lambda _, version: version)
    monkeypatch.setattr(command, "_LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    monkeypatch.setattr(command, "_let_serve", lambda _host, folder, _mode: called.append(folder.name) or 0)
    assert command._rollback(host, host_settings(tmp_path), SimpleNamespace(if_serves=version)) == 0
    assert called == (["before"] if rolled_back else [])

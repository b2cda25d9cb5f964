"""Releases are built whole from a repository, and old ones are deleted, never one in use."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.host.errors import HostError
from deploy.host.host import Host
from deploy.host.plan import RELEASES
from deploy.host.releases import build, delete_old, fetch, revision
from tests.deploy_host.hosts import host_settings


def test_a_release_is_built_whole_or_again(tmp_path: Path) -> None:
    """The commands of git, tar and bin/install run; only the packages are not downloaded."""
    repository, root = tmp_path / "repository", tmp_path / "root"
    (repository / "bin").mkdir(parents=True)
    script = ("#!/bin/sh", "mkdir -p .venv/bin", "cp /bin/true .venv/bin/python", "test ! -e fail")
    (repository / "bin" / "install").write_text("\n".join(script) + "\n")
    (repository / "bin" / "install").chmod(0o755)
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run([*git, *command], check=True)
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

    (repository / "fail").touch()
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "two"], check=True)
    commit = fetch(host, settings, "main")
    with pytest.raises(HostError, match="bin/install failed"):
        build(host, commit, "main")
    broken = host.path(f"{RELEASES}/releases/{commit[:12]}")
    assert not (broken / "release.env").exists()

    for number in range(6):
        other = host.path(f"{RELEASES}/releases/{number:012}")
        other.mkdir()
        os.utime(other, (number, number))
    host.link(f"{RELEASES}/current", "releases/000000000000")
    delete_old(host)
    assert sorted(path.name for path in other.parent.iterdir()) == sorted(
        ["000000000000", "000000000004", "000000000005", folder.name, commit[:12]]
    )

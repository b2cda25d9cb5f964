"""What git knows about the code that runs (local/version.py)."""

import subprocess
from pathlib import Path

import pytest

from local.version import git_version


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit on the branch `topic`."""
    root = tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", "--initial-branch", "topic", str(root))
    git(root, "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "commit", "--quiet",
        "--allow-empty", "--message", "a change")  # fmt: skip
    return root


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_a_checkout_has_a_branch_and_a_revision(checkout: Path) -> None:
    assert git_version(checkout) == {"BRANCH": "topic", "REVISION": git(checkout, "rev-parse", "HEAD")}


def test_a_detached_checkout_has_a_revision_alone(checkout: Path) -> None:
    git(checkout, "checkout", "--quiet", "--detach")
    assert git_version(checkout) == {"REVISION": git(checkout, "rev-parse", "HEAD")}


def test_a_folder_inside_the_repository_of_another_project_has_no_version(checkout: Path) -> None:
    (checkout / "unpacked").mkdir()
    assert git_version(checkout / "unpacked") == {}


def test_a_folder_without_repository_has_no_version(tmp_path: Path) -> None:
    assert git_version(tmp_path) == {}


def test_a_host_without_git_has_no_version(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert git_version(checkout) == {}

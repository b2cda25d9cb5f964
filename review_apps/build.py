"""A version of an app on disk: a checkout of its commit, and a virtual environment with its requirements."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review_apps.errors import ReviewAppError

_HOOKS: Final = ("bin/pre_compile", "bin/post_compile")
_ERROR_LINES: Final = 15


@dataclass(frozen=True)
class Version:
    """A version in its folder."""

    folder: Path

    @property
    def source(self) -> Path:
        """The folder of the checked-out commit."""
        return self.folder / "source"

    @property
    def programs(self) -> Path:
        """The folder of the programs in its environment."""
        return self.folder / "venv" / "bin"


def commit_of(repository: Path, branch: str) -> str:
    """Return the commit that a branch, a tag or a commit names, here or at origin. Raises ReviewAppError."""
    for name in (branch, f"origin/{branch}"):
        done = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if done.returncode == 0:
            return done.stdout.strip()
    raise ReviewAppError(f"{repository} has no branch {branch}: fetch it first")


def check_out(repository: Path, commit: str, version: Version) -> None:
    """Make a worktree of the commit. Raises ReviewAppError."""
    done = _git(repository, "worktree", "add", "--quiet", "--force", "--detach", str(version.source), commit)
    if done.returncode != 0:
        raise ReviewAppError(f"{commit} cannot be checked out: {done.stderr.strip()}")


def install(version: Version, environment: Mapping[str, str]) -> None:
    """Make the version's environment, and run the hooks that a buildpack runs. Raises ReviewAppError.

    uv links files from a cache that all apps share, so that this takes a second, not a minute.
    """
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if uv is None:
        raise ReviewAppError("uv is missing: install requirements-dev.txt")
    _make_environment(uv, version)
    requirements = ["--require-hashes", "--requirements", str(version.source / "requirements.txt")]
    command = [uv, "pip", "install", "--quiet", "--python", str(version.programs / "python"), *requirements]
    if _run([*command, "--offline"]).returncode != 0:
        _check(_run(command), "the requirements cannot be installed")
    for hook in _HOOKS:
        if (version.source / hook).exists():
            run = subprocess.run(  # noqa: S603
                [str(version.source / hook)],
                cwd=version.source,
                env=dict(environment),
                capture_output=True,
                text=True,
                check=False,
            )
            _check(run, f"{hook} failed")


def remove(repository: Path, version: Version) -> None:
    """Remove the files of a version. Idempotent."""
    if version.source.exists():
        _git(repository, "worktree", "remove", "--force", "--force", str(version.source))
    shutil.rmtree(version.folder, ignore_errors=True)
    _git(repository, "worktree", "prune")


def _make_environment(uv: str, version: Version) -> None:
    venv = str(version.programs.parent)
    required = version.source / ".python-version"
    if required.exists():
        exactly = ["--no-python-downloads", "--python", required.read_text().strip()]
        if _run([uv, "venv", "--quiet", *exactly, venv]).returncode == 0:
            return
    # The Python of this program, where the version that the branch requires is not installed.
    _check(_run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, venv]), "no environment can be made")


def _git(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # Variables such as GIT_DIR, set by a hook that runs this program, must not redirect it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)  # noqa: S603


def _check(done: "subprocess.CompletedProcess[str]", failure: str) -> None:
    if done.returncode != 0:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_ERROR_LINES:])
        raise ReviewAppError(f"{failure}:\n{output}")

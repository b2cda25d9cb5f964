"""The repository of a project: which commit a name means, and worktrees."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review_apps.errors import ReviewAppError

_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Named:
    """The commit that a name means, and what the name is, such as `branch topic of origin`."""

    commit: str
    kind: str


def resolve(repository: Path, name: str) -> Named:
    """Return the commit that a name means: a branch first, then a tag, then a commit. Raises ReviewAppError.

    Of two branches of that name, the one at origin wins, unless the local one contains it: pull requests are at origin.
    """
    local = _commit(repository, f"refs/heads/{name}")
    remote = _commit(repository, f"refs/remotes/origin/{name}")
    if local and remote and local != remote:
        ahead = _git(repository, "merge-base", "--is-ancestor", remote, local).returncode == 0
        return (
            Named(local, f"the local branch {name}, which is ahead of origin")
            if ahead
            else Named(remote, f"branch {name} of origin, and not the local one, which lacks its commits")
        )
    candidates = [
        (remote, f"branch {name} of origin"),
        (local, f"branch {name}"),
        (_commit(repository, name) if name.startswith("refs/") else "", name),
        (_commit(repository, f"refs/remotes/{name}"), f"branch {name}"),
        (_commit(repository, f"refs/tags/{name}"), f"tag {name}"),
        (_commit(repository, name) if _COMMIT.fullmatch(name) else "", f"commit {name}"),
    ]
    for commit, kind in candidates:
        if commit:
            return Named(commit, kind)
    raise ReviewAppError(f"{repository} has no branch {name}, nor a tag or a commit: fetch it first")


def add_worktree(repository: Path, commit: str, folder: Path) -> None:
    """Check a commit out into a new folder. Raises ReviewAppError."""
    done = _git(repository, "worktree", "add", "--quiet", "--force", "--detach", str(folder), commit)
    if done.returncode != 0:
        raise ReviewAppError(f"{commit} cannot be checked out: {done.stderr.strip()}")


def remove_worktree(folder: Path) -> None:
    """Remove a folder that `add_worktree` made, and its entry in the repository that it names. Idempotent."""
    if not (folder / ".git").is_file():
        return
    found = _git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir")
    if found.returncode == 0:
        _git(Path(found.stdout.strip()), "worktree", "remove", "--force", "--force", str(folder))


def prune_worktrees(repository: Path) -> None:
    """Forget worktrees whose folders no longer exist."""
    _git(repository, "worktree", "prune")


def _commit(repository: Path, reference: str) -> str:
    done = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    return done.stdout.strip() if done.returncode == 0 else ""


def _git(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # Variables such as GIT_DIR, set by a hook that runs this program, must not redirect it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603

"""What git knows about the code that runs."""

import os
import subprocess
from pathlib import Path


def git_version(root: Path) -> dict[str, str]:
    """Return BRANCH and REVISION of the checkout in `root`; either is missing where git does not know it."""
    if _git(root, "rev-parse", "--show-toplevel") != str(root.resolve()):
        return {}  # the project was unpacked, perhaps inside another repository
    known = {"BRANCH": _git(root, "branch", "--show-current"), "REVISION": _git(root, "rev-parse", "HEAD")}
    return {name: value for name, value in known.items() if value}


def _git(root: Path, *arguments: str) -> str:
    """Return what git prints, or nothing when it fails or is not installed."""
    # A git hook sets GIT_DIR, which would name another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(["git", "-C", root, *arguments], env=environment, capture_output=True, text=True)  # noqa: S607 - from PATH
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

"""Releases: side by side below /srv/exposure-alert/releases, each with its own Python packages."""

import re
import shutil
import signal
import subprocess
from pathlib import Path
from types import FrameType

from deploy.host.errors import HostError
from deploy.host.host import Host, report
from deploy.host.plan import RELEASES
from deploy.host.settings import HostSettings

_REPOSITORY = f"{RELEASES}/repository"
_COMPLETE = "release.env"  # written last, so that an interrupted build is repeated
_KEPT = 4
_SHORT = 12


def fetch(host: Host, settings: HostSettings, version: str) -> str:
    """Fetch from the source; return the commit of a version: a tag, a branch or a commit."""
    if not host.path(_REPOSITORY).exists():
        host.run("git", "clone", "--quiet", "--bare", settings.source, str(host.path(_REPOSITORY)))
    refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    _git(host, "fetch", "--quiet", "--prune", settings.source, *refs)
    try:
        return _commit(host, version)
    except HostError:
        raise HostError(f"{version}: not a tag, branch or commit of {settings.source}") from None


def _commit(host: Host, version: str) -> str:
    return _git(host, "rev-parse", "--verify", "--quiet", f"{version}^{{commit}}").strip()


def serves(host: Host, version: str) -> bool:
    """Return whether a version serves; one that was never fetched does not."""
    folder = current(host)
    try:
        return folder is not None and folder.name == _commit(host, version)[:_SHORT]
    except HostError:
        return False


def _git(host: Host, *arguments: str) -> str:
    return host.run("git", "--git-dir", str(host.path(_REPOSITORY)), *arguments)


def build(host: Host, commit: str, version: str) -> Path:
    """Make the folder of a release, with its packages by their hashes; return it. A complete one is left as it is."""
    folder = host.path(f"{RELEASES}/releases/{commit[:_SHORT]}")
    if (folder / _COMPLETE).exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report(f"building {folder.name}")
    try:
        _fill(host, commit, version, folder)
    except BaseException:  # a full disk, on which PostgreSQL needs what is left
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _fill(host: Host, commit: str, version: str, folder: Path) -> None:
    archive = folder / ".archive.tar"
    _git(host, "archive", "--output", str(archive), commit)
    host.run("tar", "--extract", "--file", str(archive), "--directory", str(folder), "--no-same-owner")
    archive.unlink()
    host.run("bin/install", "requirements.txt", folder=folder)
    python = str(folder / ".venv" / "bin" / "python")
    host.run(python, "-m", "compileall", "-q", "app", "worker", "migrations", "deploy", folder=folder)
    complete = f"{RELEASES}/releases/{folder.name}/{_COMPLETE}"
    host.write(complete, f"REVISION={commit}\nBRANCH={_printable(version)}\n")


def _printable(version: str) -> str:
    return re.sub(r"[^\w./-]", "", version)


def current(host: Host, link: str = "current") -> Path | None:
    """Return the folder that `current`, `previous` or a slot points at, if there is one."""
    path = host.path(f"{RELEASES}/{link}")
    return path.resolve() if path.exists() else None


def revision(folder: Path) -> str:
    """Return the commit of a release."""
    match = re.search(r"^REVISION=(\w+)$", (folder / _COMPLETE).read_text(), re.MULTILINE)
    return match[1] if match else "unknown"


def delete_old(host: Host) -> list[str]:
    """Delete all but the newest releases, never one that is in use; return their names."""
    used = {current(host, link) for link in ("current", "previous", "blue", "green")}
    releases = (path for path in host.path(f"{RELEASES}/releases").iterdir() if path.is_dir())
    folders = sorted(releases, key=lambda folder: folder.stat().st_mtime)
    old = [folder for folder in folders[:-_KEPT] if folder.resolve() not in used]
    for folder in old:
        shutil.rmtree(folder)
    return [folder.name for folder in old]


def run_release(folder: Path, *arguments: str) -> int:
    """Run a command of a release's own deploy.host, because its files belong to its code; return the exit status.

    An interruption is for that command, which then puts everything back. This process waits for it.
    """
    running: subprocess.Popen[bytes] | None = None
    early: list[int] = []  # signals that arrived before the command was started

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT:  # the terminal sends Ctrl-C to both
            return
        if running is None:
            early.append(number)
        else:
            running.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        running = subprocess.Popen(["/usr/bin/python3", "-m", "deploy.host", *arguments], cwd=folder)
        for number in early:
            running.send_signal(number)
        return running.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

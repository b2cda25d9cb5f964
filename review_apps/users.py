"""Users of locked apps: each has a number of the host's range, without a name, a password or a home on the host.

Root alone can give an app such a user. Its files are closed to every other user, its processes to their signals, and
the kernel's routing leaves the whole range no address but those of the host itself.
"""

import grp
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from processes.errors import ProcessError
from processes.pdeathsig import without_privileges
from review_apps.errors import ReviewAppError

_FIRST: Final = 1000  # below are the accounts of the system
_RANGE: Final = re.compile(r"(\d{1,9})-(\d{1,9})")
_ROOT: Final = 0
_ENTER: Final = 0o2710  # for the group, which is the app's; what is made inside belongs to the same group
_PASS: Final = 0o711
_PRIVATE: Final = 0o700
_IP_FOLDERS: Final = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
# The kernel ends a process at once, unless it waits for a disk.
_END_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05
_IPV6: Final = Path("/proc/net/if_inet6")


def users_of(text: str) -> range:
    """Return the users of the setting `locked_users`; none of an empty text. Raises ReviewAppError."""
    if not text:
        return range(0)
    match = _RANGE.fullmatch(text)
    users = range(int(match[1]), int(match[2]) + 1) if match else range(0)
    if not users or users.start < _FIRST:
        raise ReviewAppError(f"locked_users is a range of user numbers such as 30000-30099, and not {text!r}")
    return users


def check(users: range, home: Path) -> None:
    """Make a host ready for apps with users of their own. Idempotent. Raises ReviewAppError if it is not permitted."""
    if os.geteuid() != _ROOT:
        raise ReviewAppError("a locked app needs a user of its own, which only root can give it: it is refused")
    accounts = [(each.pw_uid, each.pw_name) for each in pwd.getpwall()]
    groups = [(each.gr_gid, each.gr_name) for each in grp.getgrall()]
    for number, name in (*accounts, *groups):
        if number in users:
            raise ReviewAppError(f"a locked app is refused: {number} of locked_users belongs to {name}")
    for folder in (home, home / "apps"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_PASS)
    settings = home / "settings.json"
    if settings.exists():
        settings.chmod(0o600)
    _check_paths(users.start, home)
    _deny_network(users)


def prepare(folder: Path, users: range) -> int:
    """Make the folder of a new app, and return its user. The caller holds the lock of the host. Raises ReviewAppError.

    The folder's group is what marks the user as taken.
    """
    taken = {_group(path) for path in folder.parent.iterdir()} | _running()
    user = next((each for each in users if each not in taken), None)
    if user is None:
        raise ReviewAppError(f"all {len(users)} users of locked_users are taken: close an app")
    enterable(folder, user)
    return user


def user_of(folder: Path, users: range) -> int:
    """Return the user of an app by its folder; 0 if it has none."""
    group = _group(folder)
    return group if group in users else 0


def enterable(folder: Path, user: int) -> None:
    """Make a folder that an app's user can enter and not list; no other user can."""
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    os.chown(folder, _ROOT, user)
    folder.chmod(_ENTER)


def give(folder: Path, user: int) -> None:
    """Make a user the owner of a folder and of all in it, closed to others. Nothing of the user may run there yet."""
    folder.mkdir(mode=_PRIVATE, exist_ok=True)
    for parent, folders, files, opened in os.fwalk(folder):
        for name in (*folders, *files):
            os.chown(name, user, user, dir_fd=opened, follow_symlinks=False)
        if Path(parent) == folder:
            os.fchown(opened, user, user)
            os.fchmod(opened, _PRIVATE)


def end_processes(user: int) -> None:
    """Kill every process of an app's user, at once, so that none can start another. 0 is no such user.

    Raises ReviewAppError if some do not end: their user is then not given to another app.
    """
    if not user:
        return
    command = [*without_privileges(user), "/bin/sh", "-c", "kill -KILL -1"]
    deadline = time.monotonic() + _END_SECONDS
    while user in _running():
        if time.monotonic() > deadline:
            raise ReviewAppError(f"processes of the user {user} do not end: see ps -U {user}")
        subprocess.run(command, cwd="/", capture_output=True, check=False)  # noqa: S603
        time.sleep(_POLL_SECONDS)


def _group(path: Path) -> int:
    try:
        return path.stat().st_gid
    except FileNotFoundError:  # a file of an app that another command closes
        return 0


def _running() -> set[int]:
    found = set[int]()
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add(process.uids().real)
        except psutil.NoSuchProcess:
            continue
    return found


def _check_paths(user: int, home: Path) -> None:
    """Raise ReviewAppError if a user cannot reach the programs of this host or the folder of its apps."""
    try:
        prefix = without_privileges(user)
    except ProcessError as error:
        raise ReviewAppError(f"a locked app is refused: {error}") from None
    for path, command in (
        (sys.executable, [sys.executable, "-I", "-c", ""]),
        (home, ["/bin/sh", "-c", 'cd "$1"', "sh", str(home / "apps")]),
    ):
        done = subprocess.run([*prefix, *command], cwd="/", capture_output=True, check=False)  # noqa: S603
        if done.returncode != 0:
            hint = "move it where every user may enter, such as /opt"
            raise ReviewAppError(f"a locked app is refused: its user cannot reach {path}; {hint}")


def _deny_network(users: range) -> None:
    """Make every address but those of this host unreachable for the users. Raises ReviewAppError."""
    rule = f"uidrange {users.start}-{users.stop - 1} unreachable"
    for family in ("-4", *(("-6",) if _IPV6.exists() else ())):
        if rule in _ip(family, "rule", "show"):
            continue
        # The rule before it, 0, leads to the table of the host's own addresses.
        _ip(family, "rule", "add", "pref", "1", *rule.split())


def _ip(*arguments: str) -> str:
    program = shutil.which("ip", path=_IP_FOLDERS)
    if program is None:
        raise ReviewAppError("a locked app is refused: ip is missing; install iproute2")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise ReviewAppError(f"a locked app is refused: ip {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout

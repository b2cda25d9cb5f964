"""Apps whose code was not reviewed, such as a fork's: what they may contain, and what they may do.

Their processes, and the steps of their build that run code of theirs, run as a user of their own (review_apps/users.py)
and are confined by review_apps/confined.py. Packages are fetched without running any of their code, so only wheels and
only a plain list of requirements are installed.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from processes.pdeathsig import without_privileges
from review_apps import confined, users
from review_apps.errors import ReviewAppError
from review_apps.settings import Settings

_ROOT: Final = Path(__file__).resolve().parent.parent
_PROGRAM: Final = Path(__file__).resolve().with_name("confined.py")
_DEFINITION: Final = "definition"
_DEFINING: Final = ("app.json", "Procfile", "requirements.txt", "requirements-test.txt", ".python-version")
_SYSTEM: Final = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib64", "/proc", "/dev/urandom", "/dev/random", "/dev/zero"),
    *("/etc/alternatives", "/etc/group", "/etc/hosts", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"),
    *("/etc/nsswitch.conf", "/etc/passwd", "/etc/ssl/certs", "/etc/ssl/openssl.cnf"),
)
_REQUIREMENT: Final = re.compile(r"(#.*|[A-Za-z0-9._-]+(\[[A-Za-z0-9,._ -]*\])?\s*([<>=!~][^@/\\]*)?)?")
_HASH: Final = re.compile(r"\s*--hash=sha256:[0-9a-f]{64}\s*")
_OTHER_LISTS: Final = ("Pipfile.lock", "poetry.lock", "uv.lock")


def check_host(settings: Settings) -> None:
    """Raise ReviewAppError if this host cannot confine an app; otherwise make it ready. Idempotent."""
    if confined.abi() < confined.NEEDED_ABI:
        raise ReviewAppError("a locked app needs Linux 6.12 or newer with Landlock, on x86-64 or ARM: it is refused")
    if settings.database_url:
        raise ReviewAppError("a locked app needs the embedded PostgreSQL, not `database_url`: it is refused")
    if not settings.locked_users:
        raise ReviewAppError(
            "a locked app needs a user of its own, from `locked_users` in settings.json: it is refused"
        )
    users.check(users.users_of(settings.locked_users), settings.home)


def check_other(settings: Settings) -> None:
    """Raise ReviewAppError about an app that is not locked on a host for locked apps, where it would run as root."""
    if settings.locked_users:
        raise ReviewAppError("this host has `locked_users`, and so opens locked apps alone: pass --locked")


def detach(folder: Path, source: Path, user: int) -> None:
    """Check a version and give it to its user, before anything of it runs. Raises ReviewAppError.

    Its link to the repository goes, because git would follow it. What this host reads later is copied to where the app
    cannot change it.
    """
    (source / ".git").unlink()
    definition_of(folder).mkdir()
    check_source(source)
    for name in _DEFINING:
        if (source / name).exists():
            shutil.copyfile(source / name, definition_of(folder) / name)
    for each in (folder.parent, folder):
        users.enterable(each, user)
    users.give(source, user)


def is_locked(folder: Path) -> bool:
    """Return whether a version was detached."""
    return definition_of(folder).exists()


def definition_of(folder: Path) -> Path:
    """Return the folder of the files by which this host builds and runs a locked version."""
    return folder / _DEFINITION


def check_source(source: Path) -> None:
    """Raise ReviewAppError about what this host would read or run on behalf of the app."""
    for path in _links(source):
        raise ReviewAppError(f"a locked app may not have links out of its own folder: {path.relative_to(source)}")
    for name in _OTHER_LISTS:
        if (source / name).exists():
            raise ReviewAppError(f"a locked app may have requirements.txt, and not {name}, which may name other places")
    requirements = source / "requirements.txt"
    if not requirements.exists():
        return
    for line in requirements.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        plain = _HASH.sub("", line).split(" #")[0].split(";")[0].strip()
        if not _REQUIREMENT.fullmatch(plain):
            raise ReviewAppError(f"a locked app may require packages by name and version alone: {plain[:80]!r}")


def _links(source: Path) -> Iterable[Path]:
    """Yield the symbolic links that lead out of a folder."""
    inside = source.resolve()
    for folder, folders, files in os.walk(source):
        for path in (Path(folder) / name for name in (*folders, *files)):
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                yield path


def home(folder: Path) -> Path:
    """Return the folder of an app that its processes may change, in addition to their source."""
    return folder / "home"


def variables(folder: Path) -> dict[str, str]:
    """Return variables that name folders, in place of those of other apps."""
    return {"HOME": str(home(folder)), "TMPDIR": str(home(folder))}


def prefix(folder: Path, version: Path, user: int, tasks: int, port: int, ports: Iterable[int]) -> list[str]:
    """Return the beginning of a command that confines the rest to an app's user, folder, tasks and ports."""
    if not user:  # which would be root
        raise ReviewAppError("this locked app has no user of its own: close it, and open it again")
    python = version / "venv" / "bin" / "python"
    own = [str(folder), str(_ROOT / "bin"), str(python.resolve().parent.parent), sys.base_prefix]
    rules = {
        "read": [*_SYSTEM, *own],
        # Not the rest of the folder: this host trusts what is there.
        "write": [str(version / "source"), str(home(folder)), "/dev/null"],
        "bind": [port],
        "connect": [port, *ports],
        "tasks": tasks,
    }
    return [*without_privileges(user), sys.executable, "-I", str(_PROGRAM), json.dumps(rules)]

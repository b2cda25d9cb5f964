"""What tests of locked apps share: whether this host can lock one, and a host that does."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from processes.pdeathsig import without_privileges
from processes.ports import reserve_port
from review_apps import confined
from tests.review_apps.host import Host
from tests.review_apps.small_app import FILES, Repository
from tests.support.cluster import put_cluster

# Of this test process alone: the rules of a host for its users end with the host.
_FIRST = 20_000 + 20 * (os.getpid() % 2_000)
USERS = range(_FIRST, _FIRST + 10)
FOREIGN = _FIRST + 15  # a user of no app
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
IP = shutil.which("ip", path=_PATH) or ""


def _can_lock() -> bool:
    """Return whether this is root, on a kernel with Landlock, with a Python that other users may run."""
    if os.geteuid() != 0 or confined.abi() < confined.NEEDED_ABI or not IP:
        return False
    command = [*without_privileges(FOREIGN), sys.executable, "-c", ""]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_landlock = pytest.mark.skipif(confined.abi() < confined.NEEDED_ABI, reason="the kernel has no Landlock")
needs_root = pytest.mark.skipif(not _can_lock(), reason="needs root, Landlock, and a Python that others may run")


@contextmanager
def locked_host(factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Yield a host for locked apps, in a folder that every user may enter."""
    # Not one of pytest, whose folders are closed to others.
    with tempfile.TemporaryDirectory(prefix="locked-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        repository = Repository(folder / "repository")
        repository.commit("main", FILES)
        put_cluster(folder / "home" / "shared" / "postgres", factory)
        variables = {"PREDESTROY_LOG": "/dev/null"}
        settings = {"locked_users": f"{USERS.start}-{USERS.stop - 1}", "memory_mb": 150, "variables": variables}
        host = Host(folder / "home", repository, reserve_port(), durable=False, **settings)
        try:
            yield host
            host.run("reconcile", "--none-open")
            assert list((host.home / "apps").iterdir()) == []
        finally:
            forget_rules()


def forget_rules() -> None:
    """Remove the rules by which the users of the tests reach no other host."""
    for family in ("-4", "-6"):
        rule = ["uidrange", f"{USERS.start}-{USERS.stop - 1}", "unreachable"]
        subprocess.run([IP, family, "rule", "del", *rule], capture_output=True, check=False)


def open_locked(host: Host, number: int, branch: str) -> None:
    """Open a locked app."""
    host.run("open", number, "--branch", branch, "--repository", host.repository.folder, "--locked")

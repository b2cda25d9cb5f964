"""Commands that end with their parent and change user: a wrapper around setpriv(1) of util-linux."""

import functools
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from typing import Final

from processes.errors import ProcessError

# The parent may have died before setpriv asked for the signal. Then the shell has another parent, and runs nothing.
# dash and bash read PPID once, when they start, which is after setpriv made its request.
_RUN_UNLESS_ORPHANED: Final = '[ "$PPID" = "$1" ] && shift && exec "$@"'


@dataclass(frozen=True)
class User:
    """The user and group that a program runs as; `dac_override` keeps root's way past file permissions."""

    uid: int
    gid: int
    dac_override: bool = False


def with_pdeathsig(argv: list[str], on_parent_death: signal.Signals, user: User | None = None) -> list[str]:
    """Return the command that runs `argv`; Linux sends it `on_parent_death` when this process ends, however it ends.

    Linux ties the signal to the thread that starts the command: it must live as long as the command should.

    Without util-linux (macOS, Alpine's busybox) the command is `argv` itself. A supervisor that is killed with SIGKILL
    then leaves its programs running; the next run ends the servers among them by their pid files. Raises ProcessError
    when another user is asked for there.
    """
    setpriv = _setpriv()
    if setpriv is None:
        if user is not None:
            raise ProcessError("setpriv is missing, so root cannot change user: install util-linux.")
        return argv
    options = ["--pdeathsig", on_parent_death.name.removeprefix("SIG"), *(_change_of_user(user) if user else [])]
    return [setpriv, *options, "--", "/bin/sh", "-c", _RUN_UNLESS_ORPHANED, "sh", str(os.getpid()), *argv]


def without_privileges(user: int) -> list[str]:
    """Return the beginning of a command that runs as a user without groups and capabilities, and can gain none.

    A change of user cancels the signal of `with_pdeathsig`, so SIGTERM is asked for again. A shell starts the rest:
    setpriv itself still has root's way past file permissions when it looks for a program. Raises ProcessError.
    """
    setpriv = _setpriv()
    if setpriv is None:
        raise ProcessError("setpriv is missing, so root cannot change user: install util-linux.")
    change = ["--reuid", str(user), "--regid", str(user), "--clear-groups"]
    capabilities = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    return [setpriv, *change, *capabilities, "--pdeathsig", "TERM", "--", "/bin/sh", "-c", 'exec "$@"', "sh"]


def _change_of_user(user: User) -> list[str]:
    change = ["--reuid", str(user.uid), "--regid", str(user.gid), "--clear-groups"]
    if not user.dac_override:
        return [*change, "--inh-caps", "-all"]
    # initdb calls access(2) to find postgres, and that call ignores the capabilities of a user who is not root, unless
    # SECBIT_NO_SETUID_FIXUP is set.
    only = "-all,+dac_override"
    return [*change, "--securebits", "+no_setuid_fixup", "--inh-caps", only, "--ambient-caps", only]


@functools.cache
def _setpriv() -> str | None:
    """Return the path of a setpriv that has `--pdeathsig`, which busybox's lacks, or None."""
    path = shutil.which("setpriv", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/bin", "/bin"]))
    if path is None:
        return None
    described = subprocess.run([path, "--help"], capture_output=True, text=True, check=False)
    return path if "--pdeathsig" in described.stdout + described.stderr else None

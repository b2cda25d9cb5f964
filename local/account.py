"""The user that PostgreSQL runs as. Its programs refuse to run as root, so root hands them to an ordinary user."""

import os
import pwd
import signal
import subprocess
from pathlib import Path

from local.errors import LocalError
from local.tether import Account, tethered

_ROOT = 0
_UNPRIVILEGED = "nobody"


def account_for(directory: Path, program: str) -> Account | None:
    """Return the user that is to run `program` with its data in `directory`, or None to change nothing.

    Root alone changes user: to the owner of the directory, or to `nobody`, to whom the directory is then given. When
    that user cannot reach the directory or the program, which is usual below /root, it keeps the one capability that
    passes file permissions. Risky assumption: whoever knows the database's password can then read every file of the
    machine. Raises LocalError when no way is left.
    """
    if os.geteuid() != _ROOT:
        return None
    account = _owner(directory)
    os.chown(directory, account.uid, account.gid)
    for candidate in (account, Account(account.uid, account.gid, reads_everything=True)):
        if _reaches(candidate, directory, program):
            return candidate
    raise LocalError(
        f"PostgreSQL does not run as root, and the user {_UNPRIVILEGED} cannot reach {directory} or {program}: "
        "move this folder where every user may enter, such as /opt, or run as another user, or set DATABASE_URL."
    )


def _owner(directory: Path) -> Account:
    status = directory.stat()
    if status.st_uid != _ROOT:
        return Account(status.st_uid, status.st_gid)
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise LocalError(f"PostgreSQL does not run as root, and this machine has no user {_UNPRIVILEGED}.") from None
    return Account(entry.pw_uid, entry.pw_gid)


def _reaches(account: Account, directory: Path, program: str) -> bool:
    # `-x` asks the kernel by another way than exec does, and so does PostgreSQL.
    attempt = ["/bin/sh", "-c", 'cd "$1" && [ -x "$2" ] && exec "$2" --version', "sh", str(directory), program]
    done = subprocess.run(tethered(attempt, signal.SIGKILL, account), cwd="/", capture_output=True, check=False)
    return done.returncode == 0

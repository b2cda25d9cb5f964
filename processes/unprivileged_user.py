"""The user that embedded servers run as. PostgreSQL refuses to run as root; Redis and nginx should not."""

import os
import pwd
import signal
import subprocess
from pathlib import Path

from processes.errors import ProcessError
from processes.pdeathsig import User, with_pdeathsig

_ROOT = 0
_UNPRIVILEGED = "nobody"


def unprivileged_user(directory: Path, program: str) -> User | None:
    """Return the user that is to run `program` with its data in `directory`, or None to change nothing.

    Only root changes user: to the owner of the directory, or to `nobody`, who then becomes its owner. When that user
    cannot reach the directory or the program, which is usual below /root, it keeps the one capability that passes file
    permissions. Risky assumption: with the database's password, a client can then read every file of the host. Raises
    ProcessError when neither works.
    """
    if os.geteuid() != _ROOT:
        return None
    user = _owner(directory)
    os.chown(directory, user.uid, user.gid)
    for candidate in (user, User(user.uid, user.gid, dac_override=True)):
        if _reaches(candidate, directory, program):
            return candidate
    raise ProcessError(
        f"{Path(program).name} does not run as root, and the user {_UNPRIVILEGED} cannot reach {directory} or "
        f"{program}: move this folder where every user may enter, such as /opt, run as another user, or set "
        "DATABASE_URL and REDIS_URL."
    )


def _owner(directory: Path) -> User:
    status = directory.stat()
    if status.st_uid != _ROOT:
        return User(status.st_uid, status.st_gid)
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise ProcessError(f"Servers do not run as root, and this host has no user {_UNPRIVILEGED}.") from None
    return User(entry.pw_uid, entry.pw_gid)


def _reaches(user: User, directory: Path, program: str) -> bool:
    # `-x` calls access(2), as PostgreSQL does; exec alone would not show whether that succeeds.
    attempt = ["/bin/sh", "-c", 'cd "$1" && [ -x "$2" ] && exec "$2" --version', "sh", str(directory), program]
    done = subprocess.run(with_pdeathsig(attempt, signal.SIGKILL, user), cwd="/", capture_output=True, check=False)
    return done.returncode == 0

"""`python -m deploy.compose.prepare FOLDER LABEL`: makes the secrets that compose.yml mounts, each once.

A process gets one file, with its own secrets, its own role in PostgreSQL and its own user in Redis.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from app.config.secrets import SECRET_MAKERS, make_claim_token
from deploy.host.plan import (
    DATABASE,
    OWNER_ROLE,
    REHEARSAL_DATABASE,
    clock_role,
    processes,
)
from deploy.host.redis_acl import CLOCK, acl
from deploy.host.service_settings import METRICS_SECRET, NOTES_LABEL, NOTICE_KEY, SECRETS, TOKENS
from deploy.host.settings import ALL_SURFACES, HostSettings

SETTINGS = HostSettings(surfaces=ALL_SURFACES, source="-")
_LAST = "users.acl"  # with which the folder is complete
# A value that a process must have and never uses: migrations no Redis.
_NO_REDIS = "redis://127.0.0.1:1/0"


def prepare(folder: Path, label: str) -> None:
    """Write the files. A repeated call changes nothing, or completes a call that was interrupted.

    Raises FileExistsError if some files are there without the last: their secrets must not be replaced.
    """
    if (folder / _LAST).exists():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    draft = folder / ".draft"
    if not draft.exists():  # nothing was moved yet
        unfinished = folder / ".unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _make(unfinished, label)
        if there := sorted(file.name for file in unfinished.iterdir() if (folder / file.name).exists()):
            shutil.rmtree(unfinished)
            raise FileExistsError(f"{folder} has {', '.join(there)} and no {_LAST}: restore the whole folder")
        unfinished.rename(draft)
    for file in sorted(draft.iterdir(), key=lambda file: file.name == _LAST):
        file.replace(folder / file.name)
    draft.rmdir()


def _make(folder: Path, label: str) -> None:
    own = {surface: dict(_secrets(surface, label)) for surface in ALL_SURFACES}
    roles = {process.role: secrets.token_urlsafe(24) for process in processes(SETTINGS)}
    redis = {name: secrets.token_urlsafe(24) for name in [*(each.name for each in processes(SETTINGS)), CLOCK]}
    owner, metrics = secrets.token_urlsafe(24), {METRICS_SECRET: SECRET_MAKERS[METRICS_SECRET]()}
    for process in processes(SETTINGS):
        urls = {
            "DATABASE_URL": _database_url(process.role, roles[process.role]),
            "REDIS_URL": f"redis://{process.name}:{redis[process.name]}@redis:6379/0",
        }
        _write(folder, f"{process.name}.env", _lines(own[process.surface] | metrics | urls))
    unused = {name: value for surface in ALL_SURFACES for name, value in _secrets(surface, "unused")}
    clock = {"DATABASE_URL": _database_url(clock_role(SETTINGS), roles[clock_role(SETTINGS)])}
    clock |= {"REDIS_URL": f"redis://{CLOCK}:{redis[CLOCK]}@redis:6379/0"}
    _write(folder, "clock.env", _lines(unused | own["status"] | clock))
    urls = {"DATABASE_URL": _database_url(OWNER_ROLE, owner), "REDIS_URL": _NO_REDIS}
    _write(folder, "owner.env", _lines(own["submission"] | urls))
    _write(folder, "rehearsal.env", _lines({"DATABASE_URL": _database_url(OWNER_ROLE, owner, REHEARSAL_DATABASE)}))
    _write(folder, "postgres-password", owner)
    _write(folder, "roles.sql", roles_sql(roles))
    _write(folder, _LAST, acl(SETTINGS, redis))  # last: the folder is complete


def roles_sql(roles: dict[str, str]) -> str:
    """Return the SQL that PostgreSQL's image runs when it makes its data: the roles, and the scratch database."""
    lines = [f"CREATE ROLE {role} LOGIN PASSWORD '{password}';" for role, password in roles.items()]
    return "\n".join([*lines, f"CREATE DATABASE {REHEARSAL_DATABASE} OWNER {OWNER_ROLE};"]) + "\n"


def _secrets(surface: str, label: str) -> Iterator[tuple[str, str]]:
    for name in SECRETS[surface]:
        yield name, SECRET_MAKERS[name]()
    if surface in TOKENS:
        yield TOKENS[surface], make_claim_token(label if surface == "submission" else NOTES_LABEL)
    if surface == "status":
        yield NOTICE_KEY, secrets.token_hex(32)


def _database_url(role: str, password: str, database: str = DATABASE) -> str:
    return f"postgresql://{role}:{password}@postgres:5432/{database}"


def _lines(values: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _write(folder: Path, name: str, text: str) -> None:
    """Write a file that only its owner and group can read: PostgreSQL, Redis and nginx are in that group."""
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), sys.argv[2])

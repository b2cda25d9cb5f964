"""`python3 -m deploy.host.backup FOLDER KEYS`: a backup, encrypted for the keys. Runs as the owner of the database.

Beside each file is the number of rows that it should contain, for the rehearsal.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

SUFFIX: Final = ".dump.age"
COUNTS: Final = ".counts"
KEPT_DAYS: Final = 7
# What a service that is used always has. Archives, failed claims and shared secrets are not in backups.
TABLES: Final = ("encryption_keys", "diagnosis_keys", "events", "otk_life_duration", "tek_upload_count")
_DAY_SECONDS: Final = 86_400


def main(folder: Path, recipients: Path) -> int:
    """Make a backup, and delete those that are too old. Raises CalledProcessError, and then leaves no file."""
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    dump, file = folder / f".{name}.dump", folder / f"{name}{SUFFIX}"
    delete_leftovers(folder, time.time())
    counts = count_rows(os.environ)
    try:
        subprocess.run(["bin/backup", dump], check=True, stdout=subprocess.DEVNULL)
        draft = folder / f".{name}.age"
        subprocess.run(["age", "--encrypt", "--recipients-file", recipients, "--output", draft, dump], check=True)
        file.with_name(name + COUNTS).write_text(json.dumps(counts))
        draft.replace(file)
    finally:
        dump.unlink(missing_ok=True)
    delete_old(folder, time.time())
    print(f"{file.name}: {file.stat().st_size} bytes")
    return 0


def count_rows(environment: Mapping[str, str]) -> dict[str, int]:
    """Return the number of rows of each table of a database."""
    query = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES)  # noqa: S608
    return {name: int(count) for name, count in (line.split("|") for line in psql(environment, query).splitlines())}


def psql(environment: Mapping[str, str], sql: str) -> str:
    """Return the rows of a query on the database of DATABASE_URL."""
    options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")
    script = '. bin/postgres-environment; exec psql "$@"'
    command = ["bash", "-euc", script, "psql", *options, "--command", sql]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(environment)).stdout.strip()


def delete_old(folder: Path, now: float) -> None:
    """Delete backups that are older than was promised."""
    for file in folder.iterdir():
        if file.suffix in (".age", COUNTS) and now - file.stat().st_mtime > KEPT_DAYS * _DAY_SECONDS:
            file.unlink()


def delete_leftovers(folder: Path, now: float) -> None:
    """Delete what a loss of power has left in clear text: of backups, and of rehearsals and restores of a day ago."""
    for file in folder.glob(".*"):
        if file.name.startswith(".2") or now - file.stat().st_mtime > _DAY_SECONDS:
            file.unlink()


def newest(folder: Path) -> Path | None:
    """Return the newest backup of a folder."""
    return max(folder.glob(f"*{SUFFIX}"), default=None)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no file is left in clear text
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

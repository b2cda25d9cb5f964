"""`python3 -m deploy.host.rehearsal FOLDER KEY`: the newest backup, restored into a scratch database every week.

It fails, and raises an alarm, if the backup is old, cannot be opened or restored, or lacks rows.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deploy.host.backup import COUNTS, SUFFIX, count_rows, newest, psql

RESULT: Final = "rehearsal.json"
_OLDEST_SECONDS: Final = 26 * 3600
# Rows of the minute between the count and the backup.
_TOLERANCE: Final = 0.9
# What the purge of a restore prints, by table.
_PURGED: Final = {
    "encryption_keys": ("unclaimed_codes", "expired_pairs", "exhausted_pairs"),
    "diagnosis_keys": ("diagnosis_keys",),
}
# Counters are rolled up: fewer rows with the same sum. So only whether there are any is compared.
_EMPTY: Final = "SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public"


def main(folder: Path, key: Path) -> int:
    """Restore the newest backup, compare its rows, and empty the scratch database. Returns the exit status."""
    started, backup = time.monotonic(), newest(folder)
    if backup is None:
        sys.exit("there is no backup")
    if time.time() - backup.stat().st_mtime > _OLDEST_SECONDS:
        sys.exit(f"the newest backup, {backup.name}, is older than a day")
    dump = folder / f".rehearsal-{os.getpid()}.dump"
    try:
        decrypt(backup, key, dump)
        psql(os.environ, _EMPTY)
        output = restore(dump)
        restored = count_rows(os.environ)
    finally:
        dump.unlink(missing_ok=True)
        psql(os.environ, _EMPTY)
    expected = json.loads(backup.with_name(backup.name.removesuffix(SUFFIX) + COUNTS).read_text())
    if lacking := missing_rows(expected, restored, output):
        sys.exit(f"{backup.name} lacks rows: {', '.join(lacking)}")
    seconds = round(time.monotonic() - started, 1)
    result = {"backup": backup.name, "when": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": seconds}
    (folder / RESULT).write_text(json.dumps(result | {"rows": restored}))
    print(f"{backup.name} restored and checked in {seconds} s: {restored}")
    return 0


def decrypt(backup: Path, key: Path, dump: Path) -> None:
    """Decrypt a backup. Ends the program if the key does not open it."""
    done = subprocess.run(["age", "--decrypt", "--identity", key, "--output", dump, backup], check=False)
    if done.returncode != 0:
        sys.exit(f"{backup.name} cannot be decrypted")


def restore(dump: Path) -> str:
    """Restore a dump with bin/restore, which purges and tries to open every private key; return its output."""
    done = subprocess.run(["bin/restore", dump], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the restore failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def missing_rows(expected: dict[str, int], restored: dict[str, int], output: str) -> list[str]:
    """Return the tables that lack rows: those that the restore purged count as restored."""
    purged = {name: int(count) for name, count in re.findall(r"^(\w+)\t(\d+)$", output, re.MULTILINE)}
    lacking = []
    for table, rows in expected.items():
        found = restored[table] + sum(purged.get(step, 0) for step in _PURGED.get(table, ()))
        if found < (_TOLERANCE * rows if table in _PURGED else min(rows, 1)):
            lacking.append(f"{table}: {found} of {rows}")
    return lacking


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no file is left in clear text
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

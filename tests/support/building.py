"""An archive builder as a separate process: `python -m tests.support.building measure DAY…`, or `stop POINT`.

The first builds the archives of some days, and prints its peak memory after each. The second renews
all archives up to a point, reports that it is there, and waits until it is killed.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from app import create_app
from app.domain.exports import ArchiveKind
from app.retrieval.archive_files.folder import FolderFiles
from app.retrieval.builder import Builder, build_if_stale, refresh_all
from app.store import diagnosis_keys as exposure_keys
from tests.support.clock import FakeClock
from tests.support.service import Service
from tests.support.settings import SECRETS

MARGIN: Final = timedelta(seconds=40)
THERE: Final = "there\n"
SORTING: Final = text("SELECT pg_sleep(60)")

_ROOT: Final = Path(__file__).resolve().parents[2]
_BYTES_PER_KILOBYTE: Final = 1024


@contextmanager
def builder_process(service: Service, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a builder with the settings and the time of a service; kill it at the end of the block."""
    settings = service.settings
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "ARCHIVE_FILES": settings.retrieval.archive_files,
        "EXPORT_MAX_AGE_SECONDS": str(settings.retrieval.export_max_age_seconds),
        "PUBLISH_ACTIVE_KEYS": str(settings.publish_active_keys).lower(),
        "RELEASE_PERIOD_HOURS": str(settings.release_period_hours),
        "NOW": service.clock.now.isoformat(),
    }
    command = [sys.executable, "-m", "tests.support.building", *words]
    with subprocess.Popen(
        command, cwd=_ROOT, env=os.environ | SECRETS | environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def main(what: str, *arguments: str) -> None:
    """Run the builder."""
    now = datetime.fromisoformat(os.environ["NOW"])
    builder: Builder = create_app(clock=FakeClock(now)).context.retrieval.builder
    if what == "measure":
        for day in arguments:
            build_if_stale(builder, ArchiveKind.KEYS, int(day), now)
            print(_peak_bytes(), flush=True)
    else:
        POINTS[arguments[0]]()
        refresh_all(builder, now, MARGIN)


def _peak_bytes() -> int:
    """Return the peak memory of this process. `ru_maxrss` would include that of the parent."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match, "Linux reports it"
    return int(match[1]) * _BYTES_PER_KILOBYTE


def _tell() -> None:
    sys.stdout.write(THERE)
    sys.stdout.flush()


def _stay() -> None:
    _tell()
    time.sleep(600)


def _stay_while_sorting() -> None:
    def sort_long(connection: Connection, *_: object) -> Iterator[bytes]:
        _tell()
        connection.execute(SORTING)
        _stay()
        yield b""

    exposure_keys.wrapped_keys = sort_long


def _stay_while_streaming() -> None:
    wrapped_keys = exposure_keys.wrapped_keys

    def first_piece(*arguments: Any) -> Iterator[bytes]:
        pieces = wrapped_keys(*arguments)
        yield next(pieces)
        _stay()
        yield from pieces

    exposure_keys.wrapped_keys = first_piece


def _stay_while_writing() -> None:
    def copy_some(content: Any, file: Any) -> None:
        file.write(content.read(100))
        file.flush()
        _stay()

    shutil.copyfileobj = copy_some


def _stay_when_it_is_written() -> None:
    put = FolderFiles.put

    def put_and_stay(*arguments: Any) -> None:
        put(*arguments)
        _stay()

    FolderFiles.put = put_and_stay


POINTS: Final = {
    "while the database sorts keys": _stay_while_sorting,
    "while it streams keys": _stay_while_streaming,
    "while it writes the file": _stay_while_writing,
    "between the file and its record": _stay_when_it_is_written,
}

if __name__ == "__main__":
    main(*sys.argv[1:])

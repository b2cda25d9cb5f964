"""Build the archive of one day like the worker, and measure it: `python -m bench.build_archive DAY PID`.

It is a separate process because its memory is measured. It then times each step separately. PID is that of PostgreSQL,
whose CPU time is measured, too.
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, TypeVar

from app import create_app
from app.database.database import allow_time
from app.domain.exports import ArchiveKind, export_window
from app.retrieval.archive_writer import EXPORT_FILE
from app.retrieval.builder import Builder, build_if_stale, write_archive
from app.store import diagnosis_keys
from bench.usage import cpu_seconds

T = TypeVar("T")

_KILOBYTES_PER_MEGABYTE: Final = 1024


def main() -> int:
    """Build the archive, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.build_archive", description=__doc__)
    parser.add_argument("day", type=int)
    parser.add_argument("postgres_pid", type=int)
    arguments = parser.parse_args()
    builder: Builder = create_app().context.retrieval.builder
    now = datetime.now(UTC)
    postgres = [arguments.postgres_pid]
    began, processor, database = time.perf_counter(), time.process_time(), cpu_seconds(postgres)
    record = build_if_stale(builder, ArchiveKind.KEYS, arguments.day, now)
    result = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - processor,
        "database_cpu_seconds": (cpu_seconds(postgres) or 0.0) - (database or 0.0),
        "bytes": record.size,
        "peak_mb": _peak_mb(),
        "parts": _parts(builder, arguments.day, now),  # last, because it holds the whole day in memory
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def _peak_mb() -> float:
    """Return the peak memory of this process. `ru_maxrss` would include that of the parent."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(match[1]) / _KILOBYTES_PER_MEGABYTE if match else 0.0


def _parts(builder: Builder, day: int, now: datetime) -> dict[str, float]:
    """Return the seconds of each step. Fetching and encoding rows is the rest of writing the archive."""
    window = export_window(day, now, builder.settings.export_policy)
    with builder.database.snapshot() as connection, tempfile.TemporaryFile() as file:
        allow_time(connection)
        counting, _ = _timed(lambda: diagnosis_keys.count_exported(connection, window, builder.settings.region_code))
        writing, _ = _timed(lambda: write_archive(builder, connection, ArchiveKind.KEYS, window, file))
        file.seek(0)
        storing, _ = _timed(lambda: builder.files.put("bench", file))
        content = _content(file)
    hashing, _ = _timed(lambda: hashlib.sha256(content).digest())
    compressing, _ = _timed(lambda: zlib.compress(content))
    return {
        "count": counting,
        "fetch and encode": writing - compressing - hashing,
        "sha256": hashing,
        "zlib": compressing,
        "store": storing,
    }


def _content(archive: IO[bytes]) -> bytes:
    with zipfile.ZipFile(archive) as file:
        return file.read(EXPORT_FILE)


def _timed(step: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = step()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    sys.exit(main())

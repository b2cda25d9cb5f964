"""Building the archive of a day: time and memory."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

from bench import stock
from bench.context import Bench
from bench.figures import Contender, Figures, Goal, Row, alternate, within_times_floor
from bench.floors.archive import copy_seconds, zlib_seconds
from bench.own import ROOT, OwnService
from bench.target import today

FLOOR: Final = "COPY + zlib"

# The goal is about scale: a small archive takes mostly the constant time of transactions and files.
_LARGE: Final = 1_000_000
_GOAL: Final = within_times_floor(2, 400)
_BUILD_SECONDS: Final = 300
_MILLISECONDS: Final = 1000
_WORKER: Final = "worker"


def every_size(bench: Bench) -> list[Row]:
    """Build an archive of each size of the options."""
    own, sizes = bench.own, bench.options.archive_sizes
    if own is None:
        return [Row("archive", _WORKER, skipped="only our own service can be measured")]
    return [row for number, size in enumerate(sizes) for row in _build(bench, own, size, day=today() - 1 - number)]


def _build(bench: Bench, own: OwnService, size: int, day: int) -> list[Row]:
    stock.add_keys(own.building_url, day, size, today())
    stock.settle(own.building_url)
    contenders = [
        Contender(_WORKER, lambda: _build_once(own, day)),
        Contender(FLOOR, lambda: _floor(own, day)),
    ]
    measured = alternate(contenders, bench.options.rounds)
    figures = measured[_WORKER]
    return [Row(f"archive of {size:,} keys", _WORKER, figures, FLOOR, measured[FLOOR], _goal(size), figures)]


def _goal(size: int) -> Goal | None:
    return _GOAL if size >= _LARGE else None


def _build_once(own: OwnService, day: int) -> Figures:
    with closing(stock.connect(own.building_url)) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE export_archives, export_archive_parts")
    result = _run(own, day)
    return Figures(
        seconds=result["seconds"],
        requests=1,
        server_cpu_ms=result["cpu_seconds"] * _MILLISECONDS,
        database_cpu_ms=result["database_cpu_seconds"] * _MILLISECONDS,
        memory_mb=result["peak_mb"],
        parts={"bytes": result["bytes"], **result["parts"]},
    )


def _run(own: OwnService, day: int) -> Mapping[str, Any]:
    done = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, "-m", "bench.build_archive", str(day), str(own.postgres_pid)],
        cwd=ROOT,
        env={**own.environment, "DATABASE_URL": own.building_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_BUILD_SECONDS,
        check=True,
    )
    result: Mapping[str, Any] = json.loads(done.stdout)
    return result


def _floor(own: OwnService, day: int) -> Figures:
    copied, compressed = copy_seconds(own.building_url, day), zlib_seconds(_built(own))
    return Figures(seconds=copied + compressed, requests=1, parts={"COPY": copied, "zlib": compressed})


def _built(own: OwnService) -> bytes:
    """Return the content of the last archive."""
    with closing(stock.connect(own.building_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT content FROM export_archive_parts JOIN export_archives USING (name) ORDER BY part")
        return b"".join(bytes(content) for (content,) in cursor)

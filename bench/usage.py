"""What processes used: processor time and memory of whole trees of processes."""

import contextlib
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import psutil  # type: ignore[import-untyped]

from bench.figures import MILLISECONDS, Figures

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Watched:
    """The processes of a measurement, by the identifiers of their trees' roots."""

    server: tuple[int, ...] = ()
    database: tuple[int, ...] = ()


def with_usage(watched: Watched, measure: Callable[[], Figures]) -> Figures:
    """Measure, and add what the processes used meanwhile: time divided by requests, and memory at the end."""
    before = cpu_seconds(watched.server), cpu_seconds(watched.database), _driver_seconds()
    figures = measure()
    after = cpu_seconds(watched.server), cpu_seconds(watched.database), _driver_seconds()
    server, database, driver = (
        _per_request(first, last, figures.requests) for first, last in zip(before, after, strict=True)
    )
    return replace(
        figures,
        server_cpu_ms=server,
        database_cpu_ms=database,
        driver_cpu_ms=driver,
        memory_mb=memory_mb(watched.server),
        database_memory_mb=memory_mb(watched.database),
    )


def cpu_seconds(roots: Sequence[int]) -> float | None:
    """Return the processor time that trees of processes have used so far, ended children included."""
    if not roots:
        return None
    total = 0.0
    for process in _trees(roots):
        with contextlib.suppress(psutil.Error):
            # A child that ended has left its time with its parent.
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_mb(roots: Sequence[int]) -> float | None:
    """Return what trees of processes hold in memory, shared pages divided among those that share them."""
    if not roots:
        return None
    total = 0
    for process in _trees(roots):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / _MEGABYTE


def _trees(roots: Sequence[int]) -> list[psutil.Process]:
    found = []
    for root in roots:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(root)
            found += [process, *process.children(recursive=True)]
    return found


def _driver_seconds() -> float:
    """Return the processor time of this process and of the drivers that it has started and that ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _per_request(before: float | None, after: float | None, requests: int) -> float | None:
    if before is None or after is None or not requests:
        return None
    return max(0.0, after - before) / requests * MILLISECONDS

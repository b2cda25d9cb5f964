"""CPU time and memory of process trees."""

import contextlib
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import psutil  # type: ignore[import-untyped]

from bench.figures import MILLISECONDS, Figures

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Watched:
    """The processes of a measurement, by the identifiers of the roots of their trees."""

    server: tuple[int, ...] = ()
    database: tuple[int, ...] = ()


def with_usage(watched: Watched, measure: Callable[[], Figures]) -> Figures:
    """Measure, and add the CPU time per request and the memory at the end."""
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
    """Return the CPU seconds of process trees so far, including terminated children; None without roots."""
    if not roots:
        return None
    total = 0.0
    for process in _trees(roots):
        with contextlib.suppress(psutil.Error):
            # The time of a terminated child is included in that of its parent.
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_mb(roots: Sequence[int]) -> float | None:
    """Return the memory of process trees in MB (PSS: shared pages are divided among their users)."""
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
    """Return the CPU seconds of this process and of its terminated children."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _per_request(before: float | None, after: float | None, requests: int) -> float | None:
    if before is None or after is None or not requests:
        return None
    return max(0.0, after - before) / requests * MILLISECONDS

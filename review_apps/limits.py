"""Keeps each process of an app below its share of memory and of processes, as a platform does.

A process over its limit is killed with all that it started, and its supervisor restarts it. This needs neither root nor
systemd. Risky assumption: no process allocates gigabytes or forks thousands within the second between two checks. The
kernel itself refuses an address space far above the limit, and core files.
"""

import resource
import threading
from collections.abc import Callable
from typing import Final

import psutil  # type: ignore[import-untyped]

from processes.termination import kill

_CHECK_SECONDS: Final = 1.0
_MEGABYTE: Final = 1 << 20
# Threads reserve far more addresses than they use: gunicorn, with 512 MB to use, has about 1500.
_ADDRESSES_PER_BYTE: Final = 16


def limit_this_process(memory_mb: int) -> None:
    """Set what the kernel enforces on each process that this one starts."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = memory_mb * _MEGABYTE * _ADDRESSES_PER_BYTE
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def watch(memory_mb: int, most_processes: int, log: Callable[[str], None]) -> threading.Thread:
    """Kill the children of this process that exceed a limit, in a thread, until this process ends."""
    arguments = (memory_mb, most_processes, log, threading.Event())
    thread = threading.Thread(target=_watch, args=arguments, name="limits", daemon=True)
    thread.start()
    return thread


def _watch(memory_mb: int, most_processes: int, log: Callable[[str], None], never: threading.Event) -> None:
    me = psutil.Process()
    while not never.wait(_CHECK_SECONDS):
        for child in me.children():
            reason = excess(child, memory_mb, most_processes)
            if reason:
                log(f"process {child.pid} {reason}: killed")
                kill([child, *_descendants(child)])


def excess(process: psutil.Process, memory_mb: int, most_processes: int) -> str:
    """Return what a process and its descendants have too much of, or an empty text."""
    members = [process, *_descendants(process)]
    if len(members) > most_processes:
        return f"has {len(members)} processes, more than {most_processes}"
    used = sum(map(memory_of, members)) // _MEGABYTE
    return f"uses {used} MB of memory, more than {memory_mb}" if used > memory_mb else ""


def memory_of(process: psutil.Process) -> int:
    """Return the bytes that a process has in memory, of shared pages its proportion (PSS)."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []

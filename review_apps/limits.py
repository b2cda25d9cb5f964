"""Keeps each process of an app below its share of memory and of processes, as a platform does.

A process over its limit is killed with all that it started, and its supervisor starts it anew. This needs neither root
nor systemd. Risky assumption: nobody allocates gigabytes or forks thousands within the second between two looks; an
address space far above the limit is refused by the kernel at once, and core files are never written.
"""

import resource
import threading
from collections.abc import Callable
from typing import Final

import psutil  # type: ignore[import-untyped]

from local.processes import kill

_SECONDS_BETWEEN_LOOKS: Final = 1.0
_MEGABYTE: Final = 1 << 20
# Threads reserve far more addresses than they use: a web worker, with 512 MB to use, has about 1000.
_ADDRESSES_PER_BYTE: Final = 16


def limit_this_process(memory_mb: int) -> None:
    """Set what the kernel enforces on each process that this one starts."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = memory_mb * _MEGABYTE * _ADDRESSES_PER_BYTE
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def watch(memory_mb: int, most_processes: int, say: Callable[[str], None]) -> threading.Thread:
    """Look after the children of this process, in a thread, until it ends."""
    arguments = (memory_mb, most_processes, say, threading.Event())
    thread = threading.Thread(target=_watch, args=arguments, name="limits", daemon=True)
    thread.start()
    return thread


def _watch(memory_mb: int, most_processes: int, say: Callable[[str], None], never: threading.Event) -> None:
    me = psutil.Process()
    while not never.wait(_SECONDS_BETWEEN_LOOKS):
        for child in me.children():
            reason = excess(child, memory_mb, most_processes)
            if reason:
                say(f"process {child.pid} {reason}, and is killed")
                kill([child, *_descendants(child)])


def excess(process: psutil.Process, memory_mb: int, most_processes: int) -> str:
    """Say what a process and its descendants have too much of, or nothing."""
    members = [process, *_descendants(process)]
    if len(members) > most_processes:
        return f"has {len(members)} processes, more than {most_processes}"
    used = sum(map(memory_of, members)) // _MEGABYTE
    return f"uses {used} MB of memory, more than {memory_mb}" if used > memory_mb else ""


def memory_of(process: psutil.Process) -> int:
    """Return the bytes that a process has in memory. Of pages that several share, each has its part."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []

"""Keeps each process of an app below its share of memory and of processes, as a platform does.

A process over its limit is killed with all that it started, and its supervisor restarts it. This needs neither root nor
systemd. Risky assumption: no process allocates gigabytes or forks thousands within the second between two checks. The
kernel itself refuses an address space far above the limit, and core files.
"""

import contextlib
import resource
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import psutil  # type: ignore[import-untyped]

from processes.termination import kill

_CHECK_SECONDS: Final = 1.0
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


def watch(memory_mb: int, most_processes: int, log: Callable[[str], None]) -> threading.Thread:
    """Kill the children of this process that exceed a limit, in a thread, until this process ends."""
    arguments = (memory_mb, most_processes, log, threading.Event())
    thread = threading.Thread(target=_watch, args=arguments, name="limits", daemon=True)
    thread.start()
    return thread


def _watch(memory_mb: int, most_processes: int, log: Callable[[str], None], never: threading.Event) -> None:
    me = psutil.Process()
    while not never.wait(_CHECK_SECONDS):
        for members in _families(me):
            reason = excess(members, memory_mb, most_processes)
            if reason:
                log(f"process {members[0].pid} {reason}: killed")
                kill(members)


def excess(members: Sequence[psutil.Process], memory_mb: int, most_processes: int) -> str:
    """Return what a process and its descendants have too much of, or an empty text."""
    if len(members) > most_processes:
        return f"has {len(members)} processes, more than {most_processes}"
    # The proportion of shared pages takes the kernel milliseconds to count, and it only makes the sum smaller.
    if sum(map(_resident, members)) // _MEGABYTE <= memory_mb:
        return ""
    used = sum(map(memory_of, members)) // _MEGABYTE
    return f"uses {used} MB of memory, more than {memory_mb}" if used > memory_mb else ""


def memory_of(process: psutil.Process) -> int:
    """Return the bytes that a process has in memory, of shared pages its proportion (PSS)."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _families(parent: psutil.Process) -> Iterable[list[psutil.Process]]:
    """Return each child of a process with the child's descendants, the child first."""
    families: dict[int, list[psutil.Process]] = {parent.pid: []}
    children = []
    for process in parent.children(recursive=True):  # parents come before their children
        with contextlib.suppress(psutil.Error):
            ancestor = process.ppid()
            if ancestor == parent.pid:
                families[process.pid] = [process]
                children.append(process.pid)
            elif ancestor in families:
                families[ancestor].append(process)
                families[process.pid] = families[ancestor]
    return [families[pid] for pid in children]

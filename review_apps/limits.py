"""Keeps each process of an app below its share of memory and of processes, as a platform does.

A process over its limit is killed with all that it started, and its supervisor restarts it. This needs neither root nor
systemd. Risky assumption: no process allocates gigabytes or forks thousands within the second between two checks. The
kernel itself refuses an address space far above the limit, and core files.
"""

import contextlib
import os
import resource
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import psutil  # type: ignore[import-untyped]

from processes.termination import kill

_CHECK_SECONDS: Final = 1.0
_MEGABYTE: Final = 1 << 20
_PAGE_BYTES: Final = resource.getpagesize()
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
    families = Families(os.getpid())
    while not never.wait(_CHECK_SECONDS):
        for pids in families.look():
            # Shared pages count for each process, so the sum is never too small; the exact one takes milliseconds.
            if len(pids) <= most_processes and sum(map(_resident_bytes, pids)) <= memory_mb * _MEGABYTE:
                continue
            members = list(_processes(pids))
            reason = excess(members, memory_mb, most_processes)
            if reason:
                log(f"process {pids[0]} {reason}: killed")
                kill(members)


class Families:
    """The children of a process, each with its descendants.

    Only processes that are new since the last look are read, because one is due each second, for every app of a host.
    A descendant whose parent has ended stays in its family.
    """

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._child_of: dict[int, int] = {}  # the child of the parent, by process; 0 for processes of others

    def look(self) -> list[list[int]]:
        """Return the numbers of each child and its descendants, the child first."""
        running = set(psutil.pids())
        self._child_of = {pid: child for pid, child in self._child_of.items() if pid in running}
        for pid in sorted(running - self._child_of.keys()):
            self._assign(pid)
        found: dict[int, list[int]] = {}
        for pid, child in self._child_of.items():
            if child:
                family = found.setdefault(child, [])
                family.insert(0, pid) if pid == child else family.append(pid)
        return list(found.values())

    def _assign(self, pid: int) -> int:
        """Find out to which child a process belongs, and return that."""
        if pid not in self._child_of:
            above = _parent_of(pid)
            self._child_of[pid] = 0  # ends the recursion, whatever the kernel lists
            if above == self._parent:
                self._child_of[pid] = pid
            elif above:
                self._child_of[pid] = self._assign(above)
        return self._child_of[pid]


def _parent_of(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - fast
            return int(file.read().rpartition(b") ")[2].split()[1])
    except OSError:
        return 0


def _resident_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123 - each second, for every process
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:  # it ended
        return 0


def _processes(pids: Iterable[int]) -> Iterable[psutil.Process]:
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)


def excess(members: Sequence[psutil.Process], memory_mb: int, most_processes: int) -> str:
    """Return what a process and its descendants have too much of, or an empty text."""
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

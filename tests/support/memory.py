"""The memory of processes, and the detection of leaks."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
MIB: Final = 2**20


def resident_bytes(*processes: int | str) -> int:
    """Return the resident memory of some processes, or of this one, as Linux counts it."""
    return sum(int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE for process in processes or ("self",))


def children_of(process: int) -> list[int]:
    """Return the children of a process."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


class MemoryGrewError(Exception):
    """A process whose memory should be stable has grown."""


@dataclass
class Watch:
    """Raises MemoryGrewError if this process has `bound` bytes more than after its first `warm_up` steps."""

    bound: int
    warm_up: int
    steps: int = 0
    first: int = 0

    def step(self) -> None:
        """Count a step; check the memory every `warm_up` steps."""
        self.steps += 1
        if self.steps % self.warm_up:
            return
        now = resident_bytes()
        self.first = self.first or now
        if now - self.first > self.bound:
            raise MemoryGrewError(f"{(now - self.first) / MIB:.0f} MiB more after {self.steps} steps than at first")

"""The processes of a daemon in a file, from which it is started again after a restart of the host."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes.files import write_private


@dataclass(frozen=True)
class Process:
    """A program to run. With a `port`, `kind` decides when it is ready."""

    name: str
    kind: str  # command, proxy, postgres, redis or nginx
    directory: str
    port: int = 0
    argv: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Specification:
    """The processes of one daemon, their limits, its log, and the secrets that must not appear there."""

    processes: list[Process]
    log: str
    memory_mb: int = 0
    most_processes: int = 0
    secrets: list[str] = field(default_factory=list)
    start_seconds: float = 90.0

    def write(self, path: Path) -> None:
        """Write it to a file that only its owner can read."""
        write_private(path, json.dumps(dataclasses.asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Specification":
        """Read what `write` wrote."""
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**known, "processes": [Process(**process) for process in known["processes"]]})

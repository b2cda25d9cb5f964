"""The Procfile: what each kind of process of the service runs, here as on a host."""

import re
import shlex
from pathlib import Path

from local.errors import LocalError

_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Return the command of each kind of process, in the order of the file. Raises LocalError and OSError."""
    commands: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise LocalError(f"{path} has a line that is not `name: command`: {line}")
        commands[match[1]] = shlex.split(match[2])
    return commands

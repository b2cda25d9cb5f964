"""The Procfile: the command of each kind of process, the same here as on a platform."""

import re
import shlex
from pathlib import Path

from processes.errors import ProcessError

_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Return the command of each kind of process, in the order of the file. Raises ProcessError and OSError."""
    commands: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ProcessError(f"{path} has a line that is not `name: command`: {line}")
        commands[match[1]] = shlex.split(match[2])
    return commands

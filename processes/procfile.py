"""The Procfile: the command of each kind of process, the same here as on a platform."""

import re
from pathlib import Path
from typing import Final

from processes.errors import ProcessError

_ROOT: Final = Path(__file__).resolve().parent.parent
_LINE: Final = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Return the command of each kind of process, in the order of the file. Raises ProcessError and OSError.

    A line is run by a shell, so that variables, `a && b` and comments work; the last argument is the line itself.
    """
    commands: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ProcessError(f"{path} has a line that is not `name: command`: {line}")
        commands[match[1]] = ["bash", str(_ROOT / "bin" / "process"), "--line", match[2]]
    return commands

"""The logs of apps that could not be opened: nothing else is left of them."""

import time
from pathlib import Path
from typing import Final

from review_apps.logfile import last_lines
from review_apps.times import iso

_LINES: Final = 500


class Failures:
    """The folder `failures` below `home`, with a file for each number."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "failures"

    def keep(self, number: int, log: Path, reason: str) -> None:
        """Keep the end of an app's log, and the reason for the failure; both have no secrets."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [*last_lines(log, _LINES), *(f"failed at {iso(time.time())} | {line}" for line in reason.splitlines())]
        path = self.log_of(number)
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def log_of(self, number: int) -> Path:
        """Return the path of the log of an app that could not be opened."""
        return self._folder / f"{number:04d}.log"

    def numbers(self) -> list[int]:
        """Return the numbers of all that are kept."""
        return sorted(int(path.stem) for path in self._folder.glob("*.log") if path.stem.isdecimal())

    def forget(self, number: int) -> None:
        """Delete the log of an app that was opened, or whose pull request is closed."""
        self.log_of(number).unlink(missing_ok=True)

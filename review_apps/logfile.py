"""The log of an app's processes: of limited size, and without secrets."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 2_000_000
_HIDDEN: Final = "[secret]"


class LogFile:
    """A text stream into a file. When the file is full it is renamed to `….1`, and the previous `….1` is deleted.

    Secrets are replaced where they appear as they were given; encoded in another form they are not recognized.
    """

    encoding = "utf-8"

    def __init__(self, path: Path, secrets: Sequence[str] = ()) -> None:
        self._path = path
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def write(self, text: str) -> int:
        """Append text. The file is opened each time, because another daemon of the app may have renamed it."""
        text = self.without_secrets(text)
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "a", encoding=self.encoding, errors="replace") as file:
            file.write(text)
            is_full = file.tell() > _MOST_BYTES
        if is_full:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        return len(text)

    def without_secrets(self, text: str) -> str:
        """Return text with every secret replaced."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def flush(self) -> None:
        """Do nothing: each write is complete."""

    def isatty(self) -> bool:
        """Return false: a file is no terminal."""
        return False


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log, or an empty list when there is no log."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []

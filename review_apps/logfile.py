"""The log of an app's processes: of limited size, and without secrets."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 2_000_000
_HIDDEN: Final = "[secret]"
_FOLLOW_SECONDS: Final = 0.3


class LogFile:
    """A text stream into a file. When the file is full it is renamed to `….1`, and the previous `….1` is deleted.

    Secrets are replaced where they appear as they were given; encoded in another form they are not recognized.
    """

    encoding = "utf-8"

    def __init__(self, path: Path, secrets: Sequence[str] = ()) -> None:
        self._path = path
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def write(self, text: str) -> int:
        """Append text. The file is opened each time, because another daemon of the app may have renamed it.

        Its group may read it, which is the user of a locked app.
        """
        text = self.without_secrets(text)
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        with os.fdopen(opened, "a", encoding=self.encoding, errors="replace") as file:
            file.write(text)
            is_full = file.tell() > _MOST_BYTES
        if is_full:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        return len(text)

    def write_line(self, name: str, line: str) -> None:
        """Append a line of the process `name`."""
        self.write(f"{name} | {line}\n")

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


def follow(path: Path) -> Iterator[str]:
    """Yield the lines that are appended to a log from now on, also after it was renamed because it was full."""
    position = path.stat().st_size if path.exists() else 0
    inode, rest = _inode(path), ""
    while True:
        if _inode(path) != inode:
            inode, position = _inode(path), 0
        text, position = _read_from(path, position)
        *lines, rest = (rest + text).split("\n")
        yield from lines
        if not text:
            time.sleep(_FOLLOW_SECONDS)


def _read_from(path: Path, position: int) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            file.seek(position)
            data = file.read()
    except FileNotFoundError:
        return "", position
    return data.decode(errors="replace"), position + len(data)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0

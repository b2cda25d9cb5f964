"""The last lines of a review app's log, for reviewers without an account on its host."""

import os
import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from app.review.masking import Mask

PROCESSES: Final = ("web", "worker", "clock")
MAX_LINES: Final = 200
MAX_LINE_CHARACTERS: Final = 2_000  # of a line

# The maximum that is read of a log: a few thousand lines.
_TAIL_BYTES: Final = 512 * 1024
_LINE: Final = re.compile(r"(?P<process>[a-z-]+(?:\.[0-9]+)?) *\| ?(?P<text>.*)")
_LEVEL: Final = re.compile(r"\blevel=(warning|error|critical)\b")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class LogLine:
    """A line: the process that wrote it, such as `web.1`, its text, and `error`, `warning` or an empty level."""

    process: str
    text: str
    level: str


def last_lines(path: Path, process: str, mask: Mask) -> list[LogLine] | None:
    """Return the last lines of a process, or of all if it is empty, oldest first; None without a log.

    Secrets were masked when the log was written. They are masked again in case that failed.
    """
    tail = _tail(path)
    if tail is None:
        return None
    # Masked before lines are truncated: half a secret would not be recognized.
    lines = mask.hide(_COLOURS.sub("", tail)).splitlines()
    return list(_of_process(map(_read, lines), process))[-MAX_LINES:]


def _tail(path: Path) -> str | None:
    """Return the last whole lines of a log and, if it has just been rotated, of its predecessor."""
    with ExitStack() as opened:
        # Both are opened before one is read. If the log is rotated in between, both are the same file.
        newest = _open(path, opened)
        before = _open(path.with_name(f"{path.name}.1"), opened)
        if newest is None:
            newest, before = before, None
        if newest is None:
            return None
        end = _end_of(newest, _TAIL_BYTES)
        if before is not None and not os.path.sameopenfile(before.fileno(), newest.fileno()):
            end = _end_of(before, _TAIL_BYTES - len(end)) + end
        return end.decode("utf-8", "replace")


def _open(path: Path, opened: ExitStack) -> BinaryIO | None:
    try:
        return opened.enter_context(path.open("rb"))
    except (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError):
        return None


def _end_of(file: BinaryIO, most: int) -> bytes:
    start = max(0, file.seek(0, os.SEEK_END) - most)
    file.seek(start)
    data = file.read(most)
    # The first line is incomplete, and the end of a secret would not be recognized.
    return data if start == 0 else data.partition(b"\n")[2]


def _read(line: str) -> LogLine:
    match = _LINE.fullmatch(line)
    process, text = (match["process"], match["text"]) if match else ("", line)
    level = _LEVEL.search(text)
    shown = "".join(c if c.isprintable() else " " for c in text[:MAX_LINE_CHARACTERS])
    return LogLine(process, shown, "" if level is None else "warning" if level[1] == "warning" else "error")


def _of_process(lines: Iterable[LogLine], process: str) -> Iterable[LogLine]:
    return (line for line in lines if not process or line.process.partition(".")[0] == process)

"""One terminal for several processes: each line begins with the name of the process that wrote it."""

import os
import threading
import time
from collections.abc import Sequence
from typing import IO, TextIO

_RESET = "\x1b[0m"
_COLOURS = ("\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[31m")


class Printer:
    """Writes whole lines to `stream`, from any thread. In colour when that is a terminal and NO_COLOR is not set."""

    def __init__(self, stream: TextIO, names: Sequence[str]) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._width = max(len(name) for name in names)
        coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)} if coloured else {}
        self._lock = threading.Lock()
        self._copies: list[threading.Thread] = []

    def write_line(self, name: str, line: str) -> None:
        """Write one line of the process `name`."""
        prefix = f"{name:<{self._width}} |"
        if name in self._colours:
            prefix = f"{self._colours[name]}{prefix}{_RESET}"
        self.write_text(f"{prefix} {line}\n")

    def copy(self, name: str, pipe: IO[bytes]) -> None:
        """Copy a pipe to the terminal in the background, until its end."""
        copy = threading.Thread(target=self._copy, args=(name, pipe), name=f"output of {name}", daemon=True)
        self._copies = [thread for thread in self._copies if thread.is_alive()] + [copy]
        copy.start()

    def finish(self) -> None:
        """Wait, for a second at most, until the output of processes that ended is written."""
        deadline = time.monotonic() + 1.0
        for copy in self._copies:
            copy.join(max(0.0, deadline - time.monotonic()))

    def _copy(self, name: str, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self.write_line(name, line.decode(errors="replace").rstrip("\r\n"))

    def write_text(self, text: str) -> None:
        """Write text of any number of lines as it is."""
        # What a terminal of another locale lacks must not end the thread that reads a pipe: its program would block.
        text = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
        with self._lock:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                # The terminal is closed. Pipes must still be read, or the processes would block.
                return

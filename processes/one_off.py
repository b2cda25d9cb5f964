"""Running a command once: its output line by line, its time limit, and nothing left of it afterwards."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from processes.pdeathsig import with_pdeathsig

_REAPER: Final = Path(__file__).with_name("reaper.py")
_LAST_OUTPUT_SECONDS: Final = 5.0


def run_once(
    argv: list[str],
    directory: Path,
    environment: Mapping[str, str],
    seconds: float,
    on_line: Callable[[str], object],
) -> int:
    """Run a command and return its exit code, 124 after `seconds`; `on_line` gets each line of its output.

    The command has ended when its own process has: daemons that it started are killed, even if they left its session.
    """
    command = [sys.executable, "-I", str(_REAPER), str(directory), str(seconds), *argv]
    process = subprocess.Popen(
        with_pdeathsig(command, signal.SIGTERM),
        cwd="/",
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None  # noqa: S101 - for the type checker
    reader = threading.Thread(target=_read, args=(process.stdout, on_line), daemon=True)
    reader.start()
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        reader.join(_LAST_OUTPUT_SECONDS)


def _read(pipe: IO[bytes], on_line: Callable[[str], object]) -> None:
    with pipe:
        for line in pipe:
            on_line(line.decode(errors="replace").rstrip("\r\n"))

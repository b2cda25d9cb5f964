"""Driving a server as fast as it answers, with wrk: some connections, each of which sends its next request at once."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.figures import TOO_FEW, Figures

CONNECTIONS: Final = 16
THREADS: Final = 2

_HERE: Final = Path(__file__).parent
# wrk ends by itself, should this process be killed.
_LONGEST_SECONDS: Final = 120
_PATIENCE_SECONDS: Final = 30
_ASK_AGAIN_SECONDS: Final = 0.5
_MICROSECONDS_PER_MILLISECOND: Final = 1000
_MICROSECONDS_PER_SECOND: Final = 1_000_000


class WrkFailed(Exception):  # noqa: N818 - the name says it
    """wrk did not run to its end; the text is what it said."""


def is_installed() -> bool:
    """Tell whether there is a wrk to drive with."""
    return shutil.which("wrk") is not None


@dataclass(frozen=True)
class Load:
    """How hard to drive, and for how long."""

    seconds: float
    connections: int = CONNECTIONS


def get_repeatedly(
    url: str, load: Load, headers: Mapping[str, str] | None = None, body_bytes: int | None = None
) -> Figures:
    """Send the same GET over and over. Fewer bytes than `body_bytes` for each answer are an error."""
    options = [option for name, value in (headers or {}).items() for option in ("-H", f"{name}: {value}")]
    with _script("wrk_report.lua") as script:
        said = _run([*options, "-s", str(script), url], load)
    figures = _figures(said)
    if body_bytes is not None and said["bytes"] < body_bytes * said["requests"]:
        return _with_error(figures, "answers were shorter than the archive")
    return figures


def replay(url: str, requests: Sequence[bytes], load: Load) -> Figures:
    """Send prepared raw requests, each once. Running out of them before the time is over is an error."""
    with tempfile.TemporaryDirectory() as folder, _script("wrk_replay.lua", "wrk_report.lua") as script:
        prefix = Path(folder, "requests")
        for number in range(THREADS):
            Path(f"{prefix}.{number}").write_bytes(b"".join(_records(requests[number::THREADS])))
        said = _run(["-s", str(script), url, "--", str(prefix)], load)
    figures = _figures(said)
    return _with_error(figures, TOO_FEW) if said["exhausted"] else figures


def _records(requests: Sequence[bytes]) -> Iterator[bytes]:
    for request in requests:
        yield len(request).to_bytes(4, "big")
        yield request


@contextmanager
def _script(*names: str) -> Iterator[Path]:
    """Make one script of several."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join((_HERE / name).read_text() for name in names))
        file.flush()
        yield Path(file.name)


def _run(arguments: list[str], load: Load) -> dict[str, int]:
    # wrk counts whole seconds; it is stopped by a signal instead, on which it reports what it has.
    command = ["wrk", "-t", str(THREADS), "-c", str(load.connections), "-d", f"{_LONGEST_SECONDS}s", "--timeout", "30s"]
    process = subprocess.Popen(  # noqa: S603 - the command is ours
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    )
    try:
        time.sleep(load.seconds)
        text = _stop(process)
    finally:
        process.kill()
        process.wait()
    lines = text.strip().splitlines()
    if process.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise WrkFailed(" ".join(lines[-3:]) or f"wrk ended with exit code {process.returncode}")
    said: dict[str, int] = json.loads(lines[-1])
    return said


def _stop(process: "subprocess.Popen[str]") -> str:
    """Ask wrk to stop, and again if it was not asleep yet when it was asked; return what it says."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=_ASK_AGAIN_SECONDS)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise


def _figures(said: Mapping[str, int]) -> Figures:
    errors = sum(said[kind] for kind in ("connect", "read", "write", "status", "timeout"))
    return Figures(
        per_second=said["requests"] * _MICROSECONDS_PER_SECOND / said["duration"],
        p50_ms=said["p50"] / _MICROSECONDS_PER_MILLISECOND,
        p95_ms=said["p95"] / _MICROSECONDS_PER_MILLISECOND,
        p99_ms=said["p99"] / _MICROSECONDS_PER_MILLISECOND,
        requests=said["requests"],
        errors=errors,
    )


def _with_error(figures: Figures, note: str) -> Figures:
    return replace(figures, errors=figures.errors + 1, notes=(*figures.notes, note))

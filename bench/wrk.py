"""Closed-loop load with wrk: each connection sends its next request as soon as it has a response."""

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
# wrk ends by itself if this process is killed.
_LONGEST_SECONDS: Final = 120
_PATIENCE_SECONDS: Final = 30
_ASK_AGAIN_SECONDS: Final = 0.5
_MICROSECONDS_PER_MILLISECOND: Final = 1000
_MICROSECONDS_PER_SECOND: Final = 1_000_000


class WrkFailedError(Exception):
    """wrk failed; the text is its output."""


def is_installed() -> bool:
    """Return whether wrk is installed."""
    return shutil.which("wrk") is not None


@dataclass(frozen=True)
class Load:
    """The duration and the number of connections of a load."""

    seconds: float
    connections: int = CONNECTIONS


def get_repeatedly(
    url: str, load: Load, headers: Mapping[str, str] | None = None, body_bytes: int | None = None
) -> Figures:
    """Send the same GET repeatedly. Responses shorter than `body_bytes` are an error."""
    options = [option for name, value in (headers or {}).items() for option in ("-H", f"{name}: {value}")]
    with _script("wrk_report.lua") as script:
        result = _run([*options, "-s", str(script), url], load)
    figures = _figures(result)
    if body_bytes is not None and result["bytes"] < body_bytes * result["requests"]:
        return _with_error(figures, "responses were shorter than the archive")
    return figures


def replay(url: str, requests: Sequence[bytes], load: Load) -> Figures:
    """Send prepared raw requests, each once. It is an error if they run out before the time is over."""
    with tempfile.TemporaryDirectory() as folder, _script("wrk_replay.lua", "wrk_report.lua") as script:
        prefix = Path(folder, "requests")
        for number in range(THREADS):
            Path(f"{prefix}.{number}").write_bytes(b"".join(_records(requests[number::THREADS])))
        result = _run(["-s", str(script), url, "--", str(prefix)], load)
    figures = _figures(result)
    return _with_error(figures, TOO_FEW) if result["exhausted"] else figures


def _records(requests: Sequence[bytes]) -> Iterator[bytes]:
    for request in requests:
        yield len(request).to_bytes(4, "big")
        yield request


@contextmanager
def _script(*names: str) -> Iterator[Path]:
    """Yield the path of one script that is made of several."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join((_HERE / name).read_text() for name in names))
        file.flush()
        yield Path(file.name)


def _run(arguments: list[str], load: Load) -> dict[str, int]:
    # wrk counts whole seconds; it is stopped by a signal instead, and then reports.
    command = ["wrk", "-t", str(THREADS), "-c", str(load.connections), "-d", f"{_LONGEST_SECONDS}s", "--timeout", "30s"]
    # Until wrk has a handler, the signal would kill it. What is ignored stays so in a new program.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    try:
        time.sleep(load.seconds)
        text = _stop(process)
    finally:
        process.kill()
        process.wait()
    lines = text.strip().splitlines()
    if process.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise WrkFailedError(" ".join(lines[-3:]) or f"wrk ended with exit code {process.returncode}")
    result: dict[str, int] = json.loads(lines[-1])
    return result


def _stop(process: "subprocess.Popen[str]") -> str:
    """Stop wrk, which may ignore the signal until it has started; return its output."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=_ASK_AGAIN_SECONDS)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise


def _figures(result: Mapping[str, int]) -> Figures:
    errors = sum(result[kind] for kind in ("connect", "read", "write", "status", "timeout"))
    return Figures(
        per_second=result["requests"] * _MICROSECONDS_PER_SECOND / result["duration"],
        p50_ms=result["p50"] / _MICROSECONDS_PER_MILLISECOND,
        p95_ms=result["p95"] / _MICROSECONDS_PER_MILLISECOND,
        p99_ms=result["p99"] / _MICROSECONDS_PER_MILLISECOND,
        requests=result["requests"],
        errors=errors,
    )


def _with_error(figures: Figures, note: str) -> Figures:
    return replace(figures, errors=figures.errors + 1, notes=(*figures.notes, note))

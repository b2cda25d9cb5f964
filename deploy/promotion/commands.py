"""Running the commands of a plan, with their output in the log."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

from deploy.promotion.errors import PromotionError
from deploy.promotion.record import Journal

_TICK_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2
_LAST_LINES: Final = 5
_STOP_SECONDS: Final = 60.0


def run_shell(journal: Journal, command: str, version: str) -> None:
    """Run a command of the plan. Raises PromotionError with its last lines if it fails."""
    run(journal, ["/bin/sh", "-euc", command], {"VERSION": version})


def run_module(journal: Journal, module: str, arguments: list[str], variables: Mapping[str, str]) -> None:
    """Run one of our programs. Raises PromotionError with its last lines if it fails."""
    run(journal, [sys.executable, "-m", module, *arguments], variables)


def run(journal: Journal, argv: list[str], variables: Mapping[str, str]) -> None:
    """Run a program; report every ten seconds that it runs. An interruption ends it before this returns."""
    with journal.log() as log:
        start = log.tell()
        running = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **variables}
        )
        try:
            _wait(journal, running)
        except BaseException:
            _end(running)
            raise
    if running.returncode:
        lines = journal.log_file.read_bytes()[start:].decode(errors="replace").splitlines()
        own = [line for line in lines if " still runs" not in line]
        raise PromotionError("\n".join([f"ended with status {running.returncode}:", *own[-_LAST_LINES:]]))


def _end(running: "subprocess.Popen[bytes]") -> None:
    running.terminate()
    try:
        running.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def _wait(journal: Journal, running: "subprocess.Popen[bytes]") -> None:
    last = began = time.monotonic()
    while running.poll() is None:
        time.sleep(_POLL_SECONDS)
        if time.monotonic() - last > _TICK_SECONDS:
            last = time.monotonic()
            journal.report(f"still runs, for {last - began:.0f} s")

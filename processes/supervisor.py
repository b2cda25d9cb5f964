"""Runs several programs: starts them in order, restarts those that die, and stops them in reverse order."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from processes.errors import ProcessError
from processes.output import Printer
from processes.termination import end_all, kill, session

_TICK_SECONDS: Final = 0.05
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0
# A program that lived this long did not fail because of how it was started.
_STABLE_SECONDS: Final = 10.0
SUPERVISOR: Final = "supervisor"


class StopRequestedError(Exception):
    """A signal asked the supervisor to stop while it was waiting."""


@dataclass(frozen=True)
class Program:
    """What to run. `argv` should come from `with_pdeathsig`, so that it ends even when the supervisor is killed.

    `stop_seconds` is how long it may take to stop after `stop_signal`, before it is killed.
    """

    name: str
    argv: list[str]
    stop_seconds: float
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    stop_signal: signal.Signals = signal.SIGTERM
    directory: Path = Path("/")


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes]"
    started: float
    pause_seconds: float = 0.0
    restart_at: float | None = None


class Supervisor:
    """Runs groups of programs: a later group depends on the earlier ones, so it starts after and stops before them.

    Use it from one thread that lives as long as the programs: see `with_pdeathsig`.
    """

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._groups: list[list[_Child]] = []
        self._stop_requests = 0
        self._deaths = 0
        # Written to by a signal handler, because Python continues a wait that a signal has interrupted.
        self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()

    def handle_signals(self) -> None:
        """Stop on Ctrl-C, on SIGTERM and when the terminal closes; a second signal kills everything at once."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup(1) asks to outlive the terminal
            signal.signal(signal.SIGHUP, self._on_signal)

    def start(self, *programs: Program) -> None:
        """Start programs that are to run until `stop`, as one group."""
        self._groups.append([])
        self.join(*programs)

    def join(self, *programs: Program) -> None:
        """Start more programs of the last group."""
        for program in programs:
            self._groups[-1].append(_Child(program, self._spawn(program), time.monotonic()))

    def run_to_end(self, program: Program) -> int:
        """Run a program that ends by itself, and return its exit code. Raises StopRequestedError."""
        process = self._spawn(program)
        try:
            self.wait_for(lambda: process.poll() is not None)
        finally:
            end_all([(process, program.stop_signal)], program.stop_seconds, self._force)
        return process.returncode

    def wait_for(self, condition: Callable[[], bool], seconds: float = float("inf")) -> None:
        """Return when `condition` holds.

        Raises ProcessError after `seconds`, or when one of the programs dies meanwhile, and StopRequestedError.
        """
        deadline = time.monotonic() + seconds
        deaths = self._deaths
        while not condition():
            if time.monotonic() > deadline:
                raise ProcessError(f"The service is not ready after {seconds:.0f} seconds.")
            self._tick()
            if self._stop_requests:
                raise StopRequestedError
            if self._deaths > deaths:
                raise ProcessError("The service does not start: see the lines above.")

    def run(self) -> None:
        """Keep the programs running until a signal asks to stop. It uses no processor time while nothing happens."""
        while not self._stop_requests:
            self._restart_dead()
            self._wait_for_change()

    def stop(self) -> None:
        """Stop all programs, the last group first, and end every process that they started."""
        while self._groups:
            group = self._groups.pop()
            ending = [(child.process, child.program.stop_signal) for child in reversed(group)]
            end_all(ending, max((child.program.stop_seconds for child in group), default=0.0), self._force)
        self._printer.finish()

    def write_line(self, line: str) -> None:
        """Write one line to the terminal, under the name of the supervisor."""
        self._printer.write_line(SUPERVISOR, line)

    def write_text(self, text: str) -> None:
        """Write text of several lines to the terminal."""
        self._printer.write_text(text)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is Python's
        self._stop_requests += 1
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake[1], b"\0")

    def _force(self) -> bool:
        return self._stop_requests > 1

    def _tick(self) -> None:
        self._restart_dead()
        time.sleep(_TICK_SECONDS)

    def _restart_dead(self) -> None:
        for group in self._groups:
            for child in group:
                self._restart_if_dead(child)

    def _wait_for_change(self) -> None:
        """Return when a program ends, a restart is due or a signal arrives; after a tick where Linux lacks pidfds."""
        children = [child for group in self._groups for child in group]
        due = [child.restart_at - time.monotonic() for child in children if child.restart_at is not None]
        running = [child.process.pid for child in children if child.restart_at is None]
        with contextlib.ExitStack() as stack:
            poller = select.poll()
            poller.register(self._wake[0], select.POLLIN)
            try:
                for pid in running:
                    pidfd = os.pidfd_open(pid)
                    stack.callback(os.close, pidfd)
                    poller.register(pidfd, select.POLLIN)
            except (AttributeError, OSError):  # macOS; an old kernel
                due.append(_TICK_SECONDS)
            poller.poll(max(0.0, min(due)) * 1000 if due else None)

    def _restart_if_dead(self, child: _Child) -> None:
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                child.process, child.started, child.restart_at = self._spawn(child.program), now, None
        elif child.process.poll() is not None:
            self._deaths += 1
            # Children of a killed leader may still hold its port, or do its work.
            kill(session(child.process.pid))
            child.pause_seconds = _next_pause(child, now)
            child.restart_at = now + child.pause_seconds
            ending = _ending(child.process.returncode)
            self.write_line(f"{child.program.name} {ending}; restart in {child.pause_seconds:.1f} s")

    def _spawn(self, program: Program) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=program.directory,
            env=program.environment,
            start_new_session=True,  # Ctrl-C at the terminal reaches the supervisor alone, which stops all in order.
        )
        assert process.stdout is not None  # noqa: S101 - for the type checker
        self._printer.copy(program.name, process.stdout)
        return process


def _next_pause(child: _Child, now: float) -> float:
    if now - child.started > _STABLE_SECONDS or not child.pause_seconds:
        return _FIRST_PAUSE_SECONDS
    return min(2 * child.pause_seconds, _LONGEST_PAUSE_SECONDS)


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

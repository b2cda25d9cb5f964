"""What the embedded PostgreSQL and Redis have in common: a server program that runs as a child process."""

import contextlib
import importlib.util
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import psutil  # type: ignore[import-untyped]

from processes.errors import ProcessError
from processes.pdeathsig import User
from processes.ports import reserve_port
from processes.termination import end

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.02
_ATTEMPTS = 3


class EmbeddedServer(ABC):
    """One server that listens on a free port of 127.0.0.1 and keeps its files in one directory.

    Use `start` and `stop`, or the context manager; or `prepare` and `command`, to leave the process to a supervisor.
    Start it from a thread that lives as long as the server should: see `with_pdeathsig`.
    """

    name: ClassVar[str]
    program: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory.resolve()
        self.durable = durable
        self.port = 0
        self._user: User | None = None  # that the server runs as, known after `prepare`
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, password included. Known after `prepare`."""

    @property
    @abstractmethod
    def path(self) -> str:
        """The path of the server program. Raises ProcessError when it is missing."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the files, end the server of a killed run and choose the port. Idempotent. Raises ProcessError."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground, until this process ends at the latest."""

    @abstractmethod
    def accepts(self) -> bool:
        """Return whether the server answers a client."""

    def version(self) -> str:
        """Return what the server program prints about its version, such as `postgres (PostgreSQL) 18.0`."""
        described = subprocess.run([self.path, "--version"], capture_output=True, text=True, check=False).stdout
        return described.partition(" sha=")[0].strip()  # Redis adds details of its build

    def start(self) -> Self:
        """Start the server and return when it answers. Raises ProcessError."""
        for _ in range(_ATTEMPTS):
            self.prepare()
            self._process = self._spawn()
            if self._becomes_ready(self._process):
                return self
            self.stop()
            # Another program may have taken the port since it was chosen.
            self.port = 0
        raise ProcessError(f"The embedded {self.name} does not start; the last line of its log: {self._last_line()}")

    def stop(self) -> None:
        """Stop the server in an orderly way, or kill it after half a minute. Harmless when it does not run."""
        if self._process is not None:
            end(self._process, self.stop_signal, _STOP_SECONDS)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _choose_port(self) -> None:
        # Once only: a server that is restarted must come back where its clients look for it.
        self.port = self.port or reserve_port()

    def _end_orphan(self, pid_file: Path) -> None:
        """End the server of a run that was killed: two servers on the same files would destroy them."""
        orphan = self._find_orphan(pid_file)
        if orphan is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            orphan.send_signal(self.stop_signal)
            try:
                orphan.wait(_STOP_SECONDS)
            except psutil.TimeoutExpired:
                orphan.kill()
                orphan.wait(_STOP_SECONDS)

    def _find_orphan(self, pid_file: Path) -> psutil.Process | None:
        process = process_of(pid_file)
        with contextlib.suppress(psutil.Error):
            # The number may have been given to another process since.
            if process and any(argument.startswith(str(self.directory)) for argument in process.cmdline()):
                return process
        return None

    @property
    def _log(self) -> Path:
        return self.directory / f"{self.program}.log"

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self._log.open("wb") as log:
            return subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,  # A Ctrl-C at the terminal is for this process, which then stops the server.
            )

    def _becomes_ready(self, process: "subprocess.Popen[bytes]") -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self.accepts():
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _last_line(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "(empty)")


def process_of(pid_file: Path) -> psutil.Process | None:
    """Return the process whose number is the first word of a file, or None if there is none."""
    try:
        return psutil.Process(int(pid_file.read_text().split()[0]))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def program_in_wheel(package: str, *path: str) -> str:
    """Return the path of a program that an installed package carries, without importing the package.

    A part of `path` may be a pattern such as `*`. Raises ProcessError when the package or the program is missing.
    """
    spec = importlib.util.find_spec(package)
    for location in (spec.submodule_search_locations if spec else None) or ():
        program = next(Path(location).glob("/".join(path)), None)
        if program is not None:
            return str(program)
    raise ProcessError(f"{path[-1]} is missing: install requirements-local.txt, which brings the package {package}.")

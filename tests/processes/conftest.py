"""Fixtures of the tests of the processes library."""

import io
import signal
from collections.abc import Callable, Iterator

import psutil
import pytest

from processes.output import Printer
from processes.pdeathsig import with_pdeathsig
from processes.supervisor import Program, Supervisor


@pytest.fixture
def survivors() -> Callable[[list[psutil.Process]], list[psutil.Process]]:
    """Return the processes that have not ended. A zombie has: in a container its new parent may reap it late."""

    def survivors(processes: list[psutil.Process]) -> list[psutil.Process]:
        return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    return survivors


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(terminal: io.StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(Printer(terminal, ["supervisor", "first", "second"]))
    yield supervisor
    supervisor.stop()


@pytest.fixture
def shell() -> Callable[..., Program]:
    """Make a program of a line of shell."""

    def make(name: str, line: str, stop_seconds: float = 60.0) -> Program:
        return Program(name, with_pdeathsig(["/bin/sh", "-c", line], signal.SIGTERM), stop_seconds)

    return make

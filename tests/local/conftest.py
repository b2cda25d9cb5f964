"""Fixtures of the tests of `python -m local`."""

import io
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from local.output import Printer
from local.supervisor import Program, Supervisor
from local.tether import tethered

# Far more than is needed: a machine that runs other tests at the same time is slow.
_PATIENCE_SECONDS = 30.0


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], object]:
    """Wait until a condition holds, and return what made it hold."""

    def wait(condition: Callable[[], object]) -> object:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (value := condition()):
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)
        return value

    return wait


@pytest.fixture
def survivors() -> Callable[[list[psutil.Process]], list[psutil.Process]]:
    """Tell which processes have not ended. A zombie has: in a container its new parent may be slow to ask for it."""

    def survivors(processes: list[psutil.Process]) -> list[psutil.Process]:
        return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    return survivors


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(terminal: io.StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(Printer(terminal, ["local", "first", "second"]))
    yield supervisor
    supervisor.stop()


@pytest.fixture
def shell() -> Callable[..., Program]:
    """Make a program of a line of shell."""

    def make(name: str, line: str, stop_seconds: float = 2.0) -> Program:
        return Program(name, tethered(["/bin/sh", "-c", line], signal.SIGTERM), stop_seconds)

    return make

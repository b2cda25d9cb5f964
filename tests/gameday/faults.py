"""The faults. Each is a block: the service is broken from its beginning to its end."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from app.domain.incidents.checks import Check
from app.incidents.texts import title_of_check, title_of_figure, title_of_objective
from app.objectives import load_objectives
from tests.gameday.site import Site

# A code takes one message, an upload several, and each has half a second. A connection takes four, and the monitor
# waits two seconds for it.
_DELAY_SECONDS: Final = 0.3
_ONE_IN: Final = 20
_LOOK_SECONDS: Final = 0.05
_PAGE_BYTES: Final = 4096

_CALL: Final = "    request_logs.init_request_logs(app)\n"
_BUG: Final = f"""

def _fail_now_and_then(app: "Application") -> None:
    import itertools

    requests = itertools.count(1)

    def fail() -> None:
        if next(requests) % {_ONE_IN} == 0:
            raise RuntimeError("an error of this release")

    app.before_request(fail)
"""


@dataclass(frozen=True)
class Fault:
    """A fault: what is broken, the titles of the incident that may follow, and how long to wait for it."""

    name: str
    what: str
    begin: Callable[[Site], AbstractContextManager[None]]
    titles: frozenset[str]
    detection_seconds: float  # a limit, generous: what is measured is in the report
    recovery_seconds: float
    needs_disk: bool = False


@contextmanager
def database_gone(site: Site) -> Iterator[None]:
    """Stop PostgreSQL."""
    site.postgres.stop()
    try:
        yield
    finally:
        site.postgres.start()


@contextmanager
def redis_gone(site: Site) -> Iterator[None]:
    """Stop Redis."""
    site.redis.stop()
    try:
        yield
    finally:
        site.redis.start()


@contextmanager
def worker_dead(site: Site) -> Iterator[None]:
    """Kill the worker, and again whenever the supervisor has started it."""
    with _killing(lambda: site.stack.find_worker()):
        yield


@contextmanager
def clock_dead(site: Site) -> Iterator[None]:
    """Kill the clock, and again whenever the supervisor has started it."""
    with _killing(lambda: site.stack.find_worker("clock")):
        yield


@contextmanager
def _killing(find: Callable[[], psutil.Process | None]) -> Iterator[None]:
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(_LOOK_SECONDS):
            process = find()
            if process is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def disk_full(site: Site) -> Iterator[None]:
    """Fill the disk of the archives and of the status document, and what is freed on it meanwhile."""
    assert site.disk is not None
    ballast, stop = site.disk / "ballast", threading.Event()
    thread = threading.Thread(target=_fill, args=(ballast, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        ballast.unlink()


def _fill(ballast: Path, stop: threading.Event) -> None:
    with ballast.open("wb", buffering=0) as file:
        while not stop.is_set():
            try:
                file.write(bytes(_PAGE_BYTES))
            except OSError:
                stop.wait(_LOOK_SECONDS / 10)


@contextmanager
def bad_release(site: Site) -> Iterator[None]:
    """Replace the code of the web process by one that fails one request in twenty, and return to the one before."""
    source = site.release / "app" / "__init__.py"
    good = source.read_text()
    assert _CALL in good
    source.write_text(good.replace(_CALL, f"{_CALL}    _fail_now_and_then(app)\n") + _BUG)
    site.stack.web.terminate()  # the supervisor starts it again
    try:
        yield
    finally:
        source.write_text(good)
        site.stack.web.terminate()


@contextmanager
def slow_database(site: Site) -> Iterator[None]:
    """Delay every message to PostgreSQL."""
    site.route.delay_seconds = _DELAY_SECONDS
    try:
        yield
    finally:
        site.route.delay_seconds = 0.0


def _of_check(check: Check) -> frozenset[str]:
    return frozenset({title_of_check(check)["en"]})


def _of_objectives(kind: str) -> frozenset[str]:
    return frozenset(title_of_objective(each.titles)["en"] for each in load_objectives() if each.name.endswith(kind))


# A check is an alert after three bad results in 45 seconds, or a minute and 45 seconds for heartbeats; burn rates need
# minutes, at the traffic of the hours before up to 20.
FAULTS: Final = (
    Fault("database gone", "PostgreSQL is stopped", database_gone, _of_check(Check.DATABASE), 300, 2700),
    Fault("Redis gone", "Redis is stopped", redis_gone, _of_check(Check.REDIS), 300, 1200),
    Fault("worker dead", "the worker is killed whenever it starts", worker_dead, _of_check(Check.WORKER), 400, 1200),
    Fault("clock dead", "the clock is killed whenever it starts", clock_dead, _of_check(Check.CLOCK), 400, 1200),
    Fault(
        "disk full",
        "the disk of the archives and of the status document is full",
        disk_full,
        _of_check(Check.STATUS_FOLDER),
        300,
        1200,
        needs_disk=True,
    ),
    Fault(
        "bad release",
        f"a release answers one request in {_ONE_IN} with 500",
        bad_release,
        _of_objectives("-availability") | {title_of_figure("server_errors")["en"]},
        2100,
        2700,
    ),
    Fault(
        "slow database",
        f"each message to PostgreSQL takes {_DELAY_SECONDS:g} seconds longer",
        slow_database,
        _of_check(Check.DATABASE_LATENCY) | _of_check(Check.DATABASE),
        300,
        2700,
    ),
)

"""Apps that are open: whether all that they have runs, and how they are put to sleep, woken and restarted."""

import socket
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from processes.ports import LOOPBACK
from review_apps import daemon
from review_apps.build import Version
from review_apps.locked import check_host
from review_apps.servers import Servers
from review_apps.settings import Settings
from review_apps.state import App, Store

_CONNECT_SECONDS = 1.0
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"


class State(StrEnum):
    """What an app does."""

    RUNNING = "running"
    ASLEEP = "asleep"
    DOWN = "down"  # a daemon of it does not run
    UNHEALTHY = "unhealthy"  # its daemons run, but its web process or its Redis accepts no connection
    INCOMPLETE = "incomplete"  # it was not opened to the end
    DAMAGED = "damaged"  # its file cannot be read


class Running:
    """The processes of a host's apps. The caller must hold the lock of an app that it changes."""

    def __init__(self, store: Store, servers: Servers, settings: Settings) -> None:
        self._store, self._servers, self._settings = store, servers, settings

    def state(self, app: App) -> State:
        """Return what an app does, by all that it has: its services, its version, and the servers of the host."""
        if not app.release:
            return State.INCOMPLETE
        if app.asleep:
            return State.ASLEEP
        if not self._servers.are_running() or not all(map(daemon.is_running, self._folders(app))):
            return State.DOWN
        ports = [port for port in (app.web_port, app.redis_port if self._services(app).exists() else 0) if port]
        return State.RUNNING if all(map(_accepts, ports)) else State.UNHEALTHY

    def resume(self, app: App) -> bool:
        """Start what does not run; return whether anything was started. Raises ReviewAppError and ProcessError."""
        if app.locked:
            check_host(self._settings)
        self._servers.ensure()
        down = [folder for folder in self._folders(app) if not daemon.is_running(folder)]
        # At once, so that the web process starts while Redis does.
        daemon.resume(*down)
        if app.asleep:
            app.asleep, app.woken = False, time.time()
            self._store.save(app)
        return bool(down)

    def sleep(self, app: App) -> None:
        """End the processes of an app, and its Redis, which keeps its data. The next request wakes it."""
        app.asleep = True
        self._store.save(app)
        self._stop(app)

    def restart(self, app: App) -> None:
        """End the processes of an app and start them again. Raises ReviewAppError and ProcessError."""
        self._stop(app)
        self.resume(app)

    def last_use(self, app: App) -> float:
        """Return when an app was last requested, updated or woken, in Unix seconds."""
        return max(self._servers.router.last_use(app.name), app.updated, app.woken)

    def is_idle(self, app: App, seconds: float) -> bool:
        """Return whether an app was not used for longer than a time, and has no open connection."""
        return time.time() - self.last_use(app) > seconds and not _has_clients(app.web_port)

    def processes(self, app: App) -> list[psutil.Process]:
        """Return the processes of an app, with the daemons that supervise them."""
        found: list[psutil.Process] = []
        for leader in filter(None, map(daemon.process_of, self._folders(app))):
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                found += [leader, *leader.children(recursive=True)]
        return found

    def version(self, number: int, release: int) -> Version:
        """Return a version of an app."""
        return Version(self._store.folder(number) / "releases" / f"{release:04d}")

    def versions(self, number: int) -> list[Version]:
        """Return every version of an app that has a folder."""
        return [Version(path) for path in sorted((self._store.folder(number) / "releases").glob("*"))]

    def _stop(self, app: App) -> None:
        for folder in reversed(self._folders(app)):
            daemon.stop(folder)

    def _services(self, app: App) -> Path:
        return self._store.folder(app.number) / "services" / "specification.json"

    def _folders(self, app: App) -> list[Path]:
        """Return the folders of its daemons, in the order in which they start."""
        services = self._services(app)
        return [*([services.parent] if services.exists() else []), self.version(app.number, app.release).folder]


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), _CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _has_clients(port: int) -> bool:
    """Return whether a connection to a port of this host is open, as during a long download or by a WebSocket.

    The kernel's table is read, because psutil would also find the process of each connection.
    """
    for table in _TABLES:
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for _, local, _, state, *_ in map(str.split, lines):
            if state == _ESTABLISHED and int(local.rpartition(":")[2], 16) == port:
                return True
    return False

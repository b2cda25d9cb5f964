"""How each kind of process is started, and when it is ready."""

import http.client
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from processes.embedded import EmbeddedServer
from processes.pdeathsig import User, with_pdeathsig
from processes.ports import LOOPBACK, can_bind
from processes.postgres import EmbeddedPostgres
from processes.redis import EmbeddedRedis
from processes.supervisor import Program
from processes.unprivileged_user import unprivileged_user
from review_apps.errors import ReviewAppError
from review_apps.specification import Process

# As long as Heroku waits between SIGTERM and SIGKILL.
STOP_SECONDS: Final = 30.0

_SERVER_STOP_SECONDS: Final = 5.0
_FAILURE: Final = 400
_SERVER_ERROR: Final = 500
_BODY_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class ManagedProcess:
    """A program, how to find out whether it is ready, and the version of a server for the log."""

    program: Program
    is_ready: Callable[[], bool]
    version: str = ""


class SharedPostgres(EmbeddedPostgres):
    """PostgreSQL for all apps of the host."""

    def __init__(self, directory: Path, port: int, connections: str = "100", *, durable: bool = True) -> None:
        super().__init__(directory, durable=durable)
        self.port = port
        self._connections = connections

    def command(self) -> list[str]:
        return [*super().command(), "-c", f"max_connections={self._connections}"]


class SmallRedis(EmbeddedRedis):
    """Redis for one app, with a constant port and password, and little memory."""

    def __init__(self, directory: Path, port: int, password: str, megabytes: str) -> None:
        super().__init__(directory)
        self.port = port
        self._password = password
        self._megabytes = megabytes

    def _settings(self) -> str:
        # As hosted services do: no command that configures the server, or makes it connect to another.
        user = f"user default on >{self._password} ~* &* +@all -@admin -migrate +client\n"
        return super()._settings() + user + f"maxmemory {self._megabytes}mb\nmaxmemory-policy noeviction\n"


def managed_process(process: Process) -> ManagedProcess:
    """Prepare a process and return how to run it. Raises ProcessError and ReviewAppError."""
    return _KINDS[process.kind](process)


def _command(process: Process) -> ManagedProcess:
    argv = with_pdeathsig(process.argv, signal.SIGTERM)
    directory = Path(process.directory)
    program = Program(process.name, argv, STOP_SECONDS, environment=process.environment, directory=directory)
    return ManagedProcess(program, lambda: not process.port or is_healthy(process.port, process.options))


def _proxy(process: Process) -> ManagedProcess:
    return replace(_command(process), is_ready=lambda: not can_bind(LOOPBACK, process.port))


def _postgres(process: Process) -> ManagedProcess:
    options, directory = process.options, Path(process.directory)
    durable = options["durable"] == "true"
    return _server(SharedPostgres(directory, process.port, options["connections"], durable=durable))


def _redis(process: Process) -> ManagedProcess:
    options = process.options
    return _server(SmallRedis(Path(process.directory), process.port, options["password"], options["megabytes"]))


def _server(server: EmbeddedServer) -> ManagedProcess:
    server.prepare()
    program = Program(server.program, server.command(), _SERVER_STOP_SECONDS, stop_signal=server.stop_signal)
    return ManagedProcess(program, server.accepts, f"{server.name}: {server.version()}")


def _nginx(process: Process) -> ManagedProcess:
    directory, host = Path(process.directory), process.options["host"]
    program = Program(process.name, nginx_command(directory), _SERVER_STOP_SECONDS)
    return ManagedProcess(program, lambda: not can_bind(host, process.port))


_KINDS: Final[Mapping[str, Callable[[Process], ManagedProcess]]] = {
    "command": _command,
    "proxy": _proxy,
    "postgres": _postgres,
    "redis": _redis,
    "nginx": _nginx,
}


def nginx_command(directory: Path, *options: str) -> list[str]:
    """Return the command that runs nginx with its files in `directory`, and never as root. Raises ReviewAppError."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    nginx = shutil.which("nginx", path=folders)
    if nginx is None:
        raise ReviewAppError("nginx is missing: install it, on Debian with apt-get install nginx-light")
    argv = [nginx, "-p", f"{directory}/", "-c", "nginx.conf", "-e", "stderr", *options]
    return with_pdeathsig(argv, signal.SIGTERM, nginx_account(directory))


def nginx_account(directory: Path) -> User | None:
    """Return the user that nginx runs as, or None for this one."""
    return unprivileged_user(directory, "/bin/true")


def is_healthy(port: int, options: Mapping[str, str]) -> bool:
    """Return whether the web process at a port answers.

    With the option `path`, it must answer that without an error, and the body must contain `content`; otherwise any
    answer below 500 counts. `host` is the name that it is asked for.
    """
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    headers = {"Host": options.get("host") or f"{LOOPBACK}:{port}", "X-Forwarded-Proto": options.get("scheme", "http")}
    try:
        connection.request("GET", options.get("path") or "/", headers=headers)
        answer = connection.getresponse()
        body = answer.read(_BODY_BYTES)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    if not options.get("path"):
        return answer.status < _SERVER_ERROR
    return answer.status < _FAILURE and options.get("content", "").encode() in body

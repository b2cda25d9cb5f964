"""This service, started as in production: PostgreSQL with durable commits, Redis, and the processes of the Procfile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from app.config import Settings
from bench import stock
from bench.target import Target, request
from bench.usage import Watched
from local.secrets import first_claim_token, load_secrets
from processes.pdeathsig import with_pdeathsig
from processes.ports import LOOPBACK, reserve_port
from processes.postgres import EmbeddedPostgres
from processes.procfile import read_procfile
from processes.redis import EmbeddedRedis
from processes.termination import end_all

ROOT: Final = Path(__file__).parent.parent
_WEB_SERVERS: Final = {name: {"WEB_SERVER": name} for name in ("granian", "gunicorn")}

_START_SECONDS: Final = 30
_STOP_SECONDS: Final = 2
_POLL_SECONDS: Final = 0.005
_OK: Final = 200
_SETTINGS: Final = {
    "SURFACES": "submission,retrieval",
    # Patients use different networks, which the load states in X-Forwarded-For.
    "TRUSTED_PROXIES": "1",
    "RATE_LIMIT_NEW_KEY_CLAIM": "1000000",  # one token issues all codes
    "RELEASE_PERIOD_HOURS": "0",  # the highest load: archives change with each upload
    "ENV": "bench",
}


class NotStartedError(Exception):
    """A process of the service did not start; the text has its last lines of output."""


@dataclass(frozen=True)
class OwnService:
    """The running service. `building_url` and `floors_url` are similar databases for other measurements."""

    environment: Mapping[str, str]
    web_command: Sequence[str]
    web_servers: Mapping[str, Mapping[str, str]]  # the settings of each, the default first
    postgres_pid: int
    building_url: str
    floors_url: str
    log: Path
    targets: Sequence[Target]  # one for each web server

    @property
    def settings(self) -> Settings:
        """The settings of its processes."""
        return Settings.from_environment(self.environment)


@contextmanager
def running(folder: Path, stored_keys: Callable[[str], None]) -> Iterator[OwnService]:
    """Run the service in a folder. `stored_keys` fills its database with keys of past days before the start."""
    with ExitStack() as stack:
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        redis = stack.enter_context(EmbeddedRedis(folder / "redis"))
        secrets = load_secrets(folder / "secrets.env", {})
        commands = read_procfile(ROOT / "Procfile")
        processes = stack.enter_context(_Processes(folder / "service.log"))
        environment = _environment(secrets, postgres.url, redis.url)
        processes.run_to_end(commands["release"], environment)
        building_url, floors_url = (_copy_database(postgres.url, name) for name in ("building", "floors"))
        stored_keys(postgres.url)
        webs = {
            name: processes.start_web(commands["web"], {**environment, **_WEB_SERVERS[name]}) for name in _WEB_SERVERS
        }
        for name in ("worker", "clock"):
            processes.start(commands[name], environment)
        targets = [_target(name, web, secrets, _pid(postgres), postgres.url) for name, web in webs.items()]
        for web in webs.values():
            processes.wait_for(web)
        yield OwnService(
            environment=environment,
            web_command=commands["web"],
            web_servers=_WEB_SERVERS,
            postgres_pid=_pid(postgres),
            building_url=building_url,
            floors_url=floors_url,
            log=processes.log,
            targets=targets,
        )


@dataclass(frozen=True)
class Web:
    """A web process and its URL."""

    process: "subprocess.Popen[bytes]"
    url: str


@contextmanager
def web_started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Web]:
    """Start a web server; yield it after its first response, and kill it afterwards."""
    with _Processes(log, stop_seconds=0.0) as processes:
        web = processes.start_web(command, environment)
        processes.wait_for(web)
        yield web


class _Processes:
    """Processes of the service with a common log, which are stopped together."""

    def __init__(self, log: Path, stop_seconds: float = _STOP_SECONDS) -> None:
        self.log = log
        self._stop_seconds = stop_seconds
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        end_all([(process, signal.SIGTERM) for process in self._started], self._stop_seconds)

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Start a command of the Procfile."""
        with self.log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - the command is the Procfile's
                with_pdeathsig(list(command), signal.SIGTERM),
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def start_web(self, command: Sequence[str], environment: Mapping[str, str]) -> Web:
        """Start a web process on a free port without waiting for it."""
        port = reserve_port()
        address = f"{LOOPBACK}:{port}"
        process = self.start(command, {**environment, "PORT": str(port), "BIND_ADDR": address})
        return Web(process, f"http://{address}")

    def run_to_end(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command to its end; raise NotStartedError if it fails."""
        if self.start(command, environment).wait(_START_SECONDS) != 0:
            raise NotStartedError(self._last_line())

    def wait_for(self, web: Web) -> None:
        """Wait until a web process answers; raise NotStartedError if it does not."""
        deadline = time.monotonic() + _START_SECONDS
        while web.process.poll() is None and time.monotonic() < deadline:
            try:
                if request(web.url, "GET", "/services/ping").status == _OK:
                    return
            except OSError:
                time.sleep(_POLL_SECONDS)
        raise NotStartedError(self._last_line())

    def _last_line(self) -> str:
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-3:])


def _environment(secrets: Mapping[str, str], database_url: str, redis_url: str) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        **_SETTINGS,
        **secrets,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
    }


def _copy_database(url: str, name: str) -> str:
    """Create a database with the same empty tables; return its URL."""
    base, _, original = url.rpartition("/")
    with closing(stock.connect(f"{base}/postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {original}")
    return f"{base}/{name}"


def _target(name: str, web: Web, secrets: Mapping[str, str], postgres_pid: int, database_url: str) -> Target:
    return Target(
        name=name,
        submission_url=web.url,
        retrieval_url=web.url,
        token=first_claim_token(secrets),
        hmac_key=bytes.fromhex(secrets["RETRIEVE_HMAC_KEY"]),
        watched=Watched((web.process.pid,), (postgres_pid,)),
        database_url=database_url,
        sealing_key=bytes.fromhex(secrets["SEALING_KEYS"]),
    )


def _pid(postgres: EmbeddedPostgres) -> int:
    return int((postgres.directory / "data" / "postmaster.pid").read_text().split()[0])

"""PgBouncer with transaction pooling between the service and PostgreSQL."""

import signal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from processes.embedded import EmbeddedServer
from processes.pdeathsig import with_pdeathsig
from processes.ports import LOOPBACK
from processes.postgres import answers
from processes.unprivileged_user import unprivileged_user
from tests.support.programs import require_program

SESSIONS: Final = 2


class Pooler(EmbeddedServer):
    """A PgBouncer with two PostgreSQL sessions for all its clients."""

    name = "PgBouncer"
    program = "pgbouncer"
    stop_signal = signal.SIGINT

    def __init__(self, directory: Path, database_url: str) -> None:
        super().__init__(directory)
        self._database = urlsplit(database_url)

    @property
    def url(self) -> str:
        return self._database._replace(netloc=f"{self._database.username}@{LOOPBACK}:{self.port}").geturl()

    @property
    def path(self) -> str:
        return require_program(self.program)

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        self._user = unprivileged_user(self.directory, self.path)
        self._choose_port()
        self._configuration.write_text(self._settings())

    def command(self) -> list[str]:
        return with_pdeathsig([self.path, str(self._configuration)], self.stop_signal, self._user)

    def accepts(self) -> bool:
        return answers(self.url)

    @property
    def _configuration(self) -> Path:
        return self.directory / "pgbouncer.ini"

    def _settings(self) -> str:
        to = self._database
        place = f"host={to.hostname} port={to.port} user={to.username} password={to.password}"
        settings = {
            "listen_addr": LOOPBACK,
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": "transaction",
            "default_pool_size": SESSIONS,
            "ignore_startup_parameters": "options",
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        return "\n".join(["[databases]", f"{to.path[1:]} = {place}", "[pgbouncer]", *lines, ""])

"""PgBouncer between the service and PostgreSQL, which lends each session to whoever sends the next transaction."""

import os
import shutil
import signal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from local.account import account_for
from local.embedded import EmbeddedServer
from local.ports import LOOPBACK
from local.postgres import answers
from local.tether import Account, tethered

SESSIONS: Final = 2

_PATH: Final = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])


class Pooler(EmbeddedServer):
    """A PgBouncer that has two sessions of a PostgreSQL for all its clients."""

    name = "PgBouncer"
    program = "pgbouncer"
    stop_signal = signal.SIGINT

    def __init__(self, directory: Path, database_url: str) -> None:
        super().__init__(directory)
        self._database = urlsplit(database_url)
        self._account: Account | None = None

    @property
    def url(self) -> str:
        return self._database._replace(netloc=f"{self._database.username}@{LOOPBACK}:{self.port}").geturl()

    def prepare(self) -> None:
        program = shutil.which(self.program, path=_PATH)
        if program is None:
            pytest.skip("pgbouncer is not installed: bin/install-system")
        self.directory.mkdir(mode=0o700, exist_ok=True)
        self._program = program
        self._account = account_for(self.directory, program)
        self._choose_port()
        self._configuration.write_text(self._settings())

    def command(self) -> list[str]:
        return tethered([self._program, str(self._configuration)], self.stop_signal, self._account)

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

